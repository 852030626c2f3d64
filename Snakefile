# From study.yaml to a report site. `dtl run STUDY` starts this; by hand: snakemake --config study=STUDY
# Every rule is one stage of dtl/workflow/stages.py and one `dtl job`; the store decides what is computed.
from dtl import layout
from dtl.workflow.border import Border

border = Border(config.get("study"), judge=bool(config.get("judge")))
if mistakes := border.check():
    raise WorkflowError(mistakes)

# A job's shell becomes the job, so that no shell outlives Snakemake and its job with it.
shell.prefix("set -euo pipefail; exec ")


wildcard_constraints:
    study="|".join(border.studies),
    source="[^/]+",
    group="[^/]+",


include: "rules/common.smk"
include: "rules/ingest.smk"
include: "rules/feeders.smk"
include: "rules/learning.smk"
include: "rules/report.smk"


localrules:
    all,
    learn,
    gather,
    write_site,
    build_site,
    gate,


rule all:
    default_target: True
    input:
        expand(layout.GATE, study=border.studies),


# Snakemake's limit of jobs a second is on unless it is taken off. It starts a timer with every round of scheduling that
# starts another round: with every job that ends there is one round a second more. A workstation needs no such limit.
onstart:
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
