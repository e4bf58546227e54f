"""Fengsheng 风声: the command line, and the composition root that wires the parts."""
