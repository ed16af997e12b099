"""Write what goes with the release of one stream: the checker's page, the checklist, and where numbers come from."""

from pathlib import Path

from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.report.evidence.checker_page import write_checker_files
    from family_justice.report.evidence.checklist import write_checklist
    from family_justice.report.trace import write_trace

    folder = Path("results/release", snakemake.params.stream)
    write_checklist(folder)
    write_trace(folder)
    own = [*snakemake.input.pages, *snakemake.output.evidence]
    write_checker_files(folder, [Path(path).relative_to(folder).as_posix() for path in own])
