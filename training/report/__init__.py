"""The accuracy report: one run that measures scandid and its peers in every way and writes it down.

`make report` calls it. It needs numpy, matplotlib and scandid, no torch.
"""
