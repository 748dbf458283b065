"""What the charts' CSS classes look like: colours that the colour-blind can tell apart (CIELAB distance ≥ 20 in every case)."""

from __future__ import annotations

SERIES = 8

STYLE = """\
svg.chart{display:block;font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
fill:var(--ink,#1d2126);overflow:visible}
.chart .small{font-size:11px}.chart .soft{fill:var(--soft,#5c636d)}.chart .strong{font-weight:600}
.chart .grid{stroke:var(--line,#e2e0da);stroke-width:1}.chart .axis{stroke:var(--edge,#a8abb0);stroke-width:1}
.chart .one{stroke:var(--ink,#1d2126);stroke-width:1.25}.chart .band{fill:var(--line,#e2e0da);opacity:.6}
.chart .claim{stroke:var(--soft,#5c636d);stroke-width:1.5;stroke-dasharray:2 2;fill:none}
.chart .arrow{stroke-dasharray:none}
.chart .good{fill:var(--good,#00695f);stroke:var(--good,#00695f)}
.chart .bad{fill:var(--bad,#b23a10);stroke:var(--bad,#b23a10)}
.chart .neutral{fill:var(--ink,#1d2126);stroke:var(--ink,#1d2126)}
.chart .muted{fill:var(--soft,#5c636d);stroke:var(--soft,#5c636d)}
.chart .warn{fill:var(--warn,#8a6100);stroke:var(--warn,#8a6100)}
.chart .bar{stroke-width:2;fill:none}.chart .mark{stroke-width:1.5}
.chart .s0{stroke:var(--s0,#0067a8);fill:var(--s0,#0067a8)}.chart .s1{stroke:var(--s1,#c4500a);fill:var(--s1,#c4500a)}
.chart .s2{stroke:var(--s2,#2f9f6a);fill:var(--s2,#2f9f6a)}.chart .s3{stroke:var(--s3,#be0afa);fill:var(--s3,#be0afa)}
.chart .s4{stroke:var(--s4,#3c2332);fill:var(--s4,#3c2332)}.chart .s5{stroke:var(--s5,#73738c);fill:var(--s5,#73738c)}
.chart .s6{stroke:var(--s6,#3c0096);fill:var(--s6,#3c0096)}.chart .s7{stroke:var(--s7,#78321e);fill:var(--s7,#78321e)}
.chart .curve{fill:none;stroke-width:2;stroke-linejoin:round}.chart .dot{stroke:none;opacity:.5}
.chart .label{stroke:none}
.chart .halo{paint-order:stroke;stroke:var(--paper,#fff);stroke-width:3;stroke-linejoin:round}
.chart .heat{fill:var(--s0,#0067a8)}.chart .box{fill:none;stroke:var(--edge,#a8abb0)}
.chart .open{fill:var(--paper,#fff)}
"""
