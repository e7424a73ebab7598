"""What must hold of any batch normalization, and the machinery that judges it.

The parts, lowest first: `formats`, `oracle` (exact truth), `bounds` (derived error bounds),
`contract` (what an implementation looks like), `cases` and `portfolio` (what it is given),
`execution` (what came back), `judging` and `record` (error/bound of every output), the properties
themselves in `forward`, `backward`, `running`, `inference` and `layer`, and `checking`, which
runs them all.  `certify` gives the numbers of a single call.
"""
