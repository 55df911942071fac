"""An executed notebook as one HTML file that needs nothing else."""

from pathlib import Path

from nbconvert import HTMLExporter


def write_html(notebook: Path, html: Path) -> None:
    """Writes the notebook as one self-contained page."""
    exporter = HTMLExporter(template_name="lab", embed_images=True)  # type: ignore[no-untyped-call]
    # The page shows no formulas and no widgets, so it needs no script from anywhere.
    for name in ("mathjax_url", "require_js_url", "jquery_url", "mermaid_js_url"):
        if hasattr(exporter, name):
            setattr(exporter, name, "")
    body, _ = exporter.from_filename(str(notebook))
    html.write_text(body)
