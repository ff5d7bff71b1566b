"""How the report looks, on a screen and on paper; nothing is fetched from anywhere."""

CSS = """
:root { --ink: #1c2530; --soft: #5b6774; --line: #d9dee4; --wash: #f5f7f9; --good: #0f766e; --bad: #b42318;
  --stopped: #a15c07; --accent: #2f5d9b; }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1000px; padding: 40px 32px 80px; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.01em }
h2 { font-size: 20px; margin: 52px 0 12px; padding-top: 12px; border-top: 2px solid var(--ink) }
h3 { font-size: 17px; margin: 34px 0 8px }
h4 { font-size: 14px; margin: 18px 0 6px; color: var(--soft) }
p { margin: 6px 0; max-width: 75ch; overflow-wrap: anywhere }
.lead { color: var(--soft); margin-bottom: 22px }
a { color: var(--accent); text-decoration: none } a:hover { text-decoration: underline }
nav { margin: 18px 0; padding: 10px 0; border: solid var(--line); border-width: 1px 0; display: flex; flex-wrap: wrap;
  gap: 4px 14px; font-size: 14px }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 10px; margin: 20px 0 }
.tile { background: var(--wash); border-radius: 8px; padding: 12px 14px }
.tile b { display: block; font-size: 19px; white-space: nowrap; line-height: 1.25; font-weight: 650;
  font-variant-numeric: tabular-nums }
.tile span { display: block; color: var(--soft); font-size: 12.5px; line-height: 1.35 }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; margin: 8px 0 4px }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 12.5px; white-space: nowrap }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere }
td:first-child { white-space: nowrap }
.runs, .incidents, .findings, .steps, .acts { table-layout: fixed }
.runs th:nth-child(1) { width: 7% } .runs th:nth-child(2) { width: 18% } .runs th:nth-child(3) { width: 20% }
.runs th:nth-child(6) { width: 14% } .runs th:nth-child(7) { width: 11% }
.incidents th:nth-child(1) { width: 8% } .incidents th:nth-child(2) { width: 30% }
.incidents th:nth-child(5) { width: 13% } .incidents th:nth-child(6) { width: 10% }
.findings th:nth-child(1) { width: 8% } .findings th:nth-child(3) { width: 38% }
.steps td:first-child { white-space: normal }
.steps th:nth-child(1) { width: 46% } .steps th:nth-child(2) { width: 17% } .steps th:nth-child(3) { width: 8% }
.acts th:nth-child(1) { width: 19% } .acts th:nth-child(2) { width: 25% }
.num, .when { white-space: nowrap; font-variant-numeric: tabular-nums }
.when, .soft { color: var(--soft) }
code, .hash { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 12px;
  overflow-wrap: anywhere }
pre { background: var(--wash); border-radius: 8px; padding: 12px 16px; overflow: auto; font-size: 12px;
  line-height: 1.45 }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 10px; padding: 0 8px; font-size: 12px;
  font-weight: 600; white-space: nowrap }
.good { color: var(--good) } .bad { color: var(--bad) } .stopped { color: var(--stopped) }
.open { color: var(--accent) }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 8px 0; font-size: 14px }
dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
.note { max-width: none; border-left: 4px solid var(--stopped); background: var(--wash);
  padding: 8px 14px; margin: 10px 0 }
.note.bad { border-color: var(--bad); color: var(--ink) } .note.good { border-color: var(--good); color: var(--ink) }
.run { border-top: 1px solid var(--line); margin-top: 30px }
figure { margin: 22px 0 } figcaption { font-weight: 600; margin-bottom: 2px }
figure p { color: var(--soft); font-size: 13px }
svg { display: block; width: 100%; height: auto; overflow: visible }
svg text { font-size: 11.5px; fill: var(--soft) }
svg .grid { stroke: var(--line) } svg .strip { stroke: var(--line); stroke-dasharray: 2 4 }
svg .middle { stroke: var(--accent); stroke-dasharray: 5 4 } svg .stem { stroke: currentColor; opacity: .35 }
svg .mark circle, svg .mark rect { fill: currentColor; stroke: #fff; stroke-width: 1.5 }
svg .mark path { stroke: currentColor; stroke-width: 3; stroke-linecap: round; fill: none }
svg .mark path.full { fill: currentColor; stroke: #fff; stroke-width: 1.5 } svg .mark text { fill: currentColor }
svg .open circle { fill: #fff; stroke: currentColor; stroke-width: 2.5 } svg .wait { color: var(--accent) }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px }
@media (max-width: 640px) { body { padding: 20px 14px } .scroll { overflow-x: auto }
  .scroll table { min-width: 620px }
  .facts { grid-template-columns: 1fr } }
@media print {
  @page { margin: 16mm 14mm; @bottom-right { content: counter(page) " of " counter(pages); font-size: 9pt } }
  body { max-width: none; padding: 0; font-size: 10.5pt } nav { display: none }
  h2, h3, h4 { break-after: avoid } tr, figure, .tile, dl { break-inside: avoid }
  thead { display: table-header-group } table { font-size: 8.5pt } th { white-space: normal; font-size: 8pt }
  .badge { font-size: 7.5pt; padding: 0 5px }
  a { color: inherit } * { print-color-adjust: exact; -webkit-print-color-adjust: exact }
}
"""
