" Vim syntax of .posg files (posgc)
if exists("b:current_syntax")
  finish
endif

syntax keyword posgDeclare game param agents type state action observation chance let share graph
syntax keyword posgKeyword use horizon discount init next observe reward terminal when expect
syntax keyword posgConditional if then else match uniform
syntax keyword posgWord zero_sum include on extends to along edges per hop after every from acknowledged
syntax keyword posgWord forget all under at within assumption
syntax keyword posgOperatorWord and or not mod in
syntax keyword posgConstant true false step _
syntax keyword posgType bool agent

syntax match posgFunction "\<\(abs\|min\|max\|clip\|all\|any\|sum\|count\|argmax\)\ze("
syntax match posgFunction "\<\(bernoulli\|noisy\|poisson\|binomial\|normal\)\ze("
syntax match posgNumber "\<[0-9]\+\(\.[0-9]\+\)\?\([eE][+-]\?[0-9]\+\)\?\>"
syntax match posgOperator "==\|!=\|<=\|>=\|->\|\.\.\|[-+*/^<>=~']"
syntax region posgString start=+"+ end=+"+ oneline
syntax match posgComment "#.*$"

highlight default link posgDeclare Structure
highlight default link posgKeyword Keyword
highlight default link posgConditional Conditional
highlight default link posgWord Keyword
highlight default link posgOperatorWord Operator
highlight default link posgConstant Constant
highlight default link posgType Type
highlight default link posgFunction Function
highlight default link posgNumber Number
highlight default link posgOperator Operator
highlight default link posgString String
highlight default link posgComment Comment

let b:current_syntax = "posg"
