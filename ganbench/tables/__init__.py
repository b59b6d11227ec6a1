"""Runs aggregated over seeds, ranked, compared, and laid out as tables.

Words that name groups of runs, from the smallest to the largest:

* *entry*: the seeds of one variant in one part, with the same parameters and from one version of
  the code. What a row averages.
* *setting*: all about a task that its numbers depend on: protocol, budget, sample counts, data
  with its parameters and files, memory cap.
* *part*: what may be compared: one suite, one setting, one primary distance and, where the budget
  is time, one model of device.
* *section*: a part as a table shows it, under a heading.
* *edition*: suite, protocol and device: what the parts of one ranking have in common.
* *line*: an entry as a ranking or table lists it, with its estimates.
* *contender*: a variant by its code across the parts of an edition; what a rank is given to.
* *pair*: two contenders in one part, seeds against seeds.
* *stratum*: the seeds of such a pair in one part, within which a permutation test permutes.
"""
