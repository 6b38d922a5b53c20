autocmd BufRead,BufNewFile *.posg setfiletype posg
