"""What a language block is: constructs that a plug-in adds to the language, for the files that say `use NAME;`.

`Block` is what the plug-in writes: a name, a fragment of grammar, and how the fragment's parse trees become nodes, what
the items of a file come to, and how `posgc fmt` spaces them.  `Scope` is what it may ask of the file and where it
reports mistakes.  `Declared` is what it returns: a back-end reads `model.blocks[NAME].value`, `posgc info` prints the
lines and the document, and policies are bound to the document where the block says so.

Comments are kept by `posgc fmt` in any case, and the words of a block remain free as names elsewhere in the file.  Two
blocks that define one rule, or whose items begin with one word, cannot be installed together: the first is taken, and
`posgc plugins` says why the other is out.  `posgc.plugin.testing.blocks.check_block` is the battery.
"""

from posgc.language.blocks.contract import Block, Kind, Scope
from posgc.language.blocks.declared import Declared
from posgc.language.text.syntax.expressions import Expression, Word

__all__ = ["Block", "Declared", "Expression", "Kind", "Scope", "Word"]
