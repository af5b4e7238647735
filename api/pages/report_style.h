#pragma once

#include <string_view>

namespace api::report {

/// The style sheet of the report; also its colours at night, on a phone, and on paper.
inline constexpr std::string_view style = R"css(
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--quiet:#535c66;--line:#c9d0d7;--grid:#e3e7eb;--tile:#f3f5f7;
--s0:#0a5ca8;--s1:#a84300;--s2:#2b7a3f;--good:#1d6b34;--bad:#b3201a}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e8eaed;--quiet:#a9b3bd;--line:#46505a;
--grid:#2b323a;--tile:#1e242b;--s0:#74b3f2;--s1:#f2a366;--s2:#7fd092;--good:#7fd092;--bad:#ff8f87}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:76rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
h1{font-size:1.8rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.3rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--line)}
dl{display:grid;gap:.6rem;margin:1rem 0;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr))}
dt{color:var(--quiet);font-size:.85rem;line-height:1.3}
dd{margin:0;overflow-wrap:anywhere}
.tiles div{background:var(--tile);border-radius:.4rem;padding:.7rem .8rem;display:flex;flex-direction:column;
justify-content:space-between}
.tiles dd{font-size:1.3rem;font-weight:600;white-space:nowrap;font-variant-numeric:tabular-nums}
.n{white-space:nowrap}a{color:inherit}
.verdict{border-left:.4rem solid;padding:.5rem .8rem;background:var(--tile);font-weight:600;margin:.6rem 0}
.neutral{border-color:var(--line);font-weight:400}
p,pre{max-width:62rem}pre{background:var(--tile);padding:.6rem .8rem;white-space:pre-wrap;overflow-wrap:anywhere}
.words{grid-template-columns:repeat(auto-fit,minmax(18rem,1fr))}.words dt{color:var(--ink);font-weight:600;font-size:1rem}
.pair{display:grid;gap:0 2.5rem;grid-template-columns:minmax(0,1fr)}
@media (min-width:64rem){.pair{grid-template-columns:minmax(0,1fr) minmax(0,1fr);align-items:start}
.list caption{white-space:nowrap}}
.hint{display:none;font-weight:400;color:var(--quiet)}
.good{border-color:var(--good)}.good span:first-child{color:var(--good)}
.bad{border-color:var(--bad)}.bad span:first-child{color:var(--bad)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding-bottom:.3rem}
caption span{display:inline-block;max-width:calc(100vw - 2rem);position:sticky;left:0}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child{text-align:left;padding-left:0;white-space:normal;position:sticky;left:0;background:var(--paper)}
th{font-weight:400}thead th{color:var(--quiet);vertical-align:bottom;white-space:normal}
figure{margin:1.2rem 0}figcaption{font-weight:600}
.plot{display:block;width:100%;max-width:45rem;height:auto}
.plot text{font-size:14px;fill:var(--ink)}
.legend{list-style:none;margin:.3rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-weight:400}
.swatch{width:30px;height:14px;margin-right:.4rem;vertical-align:-2px}
.grid{stroke:var(--grid)}.axis,.cut{stroke:var(--quiet)}.cut{stroke-dasharray:8 4}
.limit{stroke:var(--quiet);stroke-dasharray:2 4}
.line{fill:none;stroke-width:3;stroke-linecap:round;stroke-linejoin:round}
.line.s0{stroke:var(--s0)}.line.s1{stroke:var(--s1);stroke-dasharray:9 6}.line.s2{stroke:var(--s2);stroke-dasharray:1 6}
.bar.s0{fill:var(--s0)}.bar.s1{fill:var(--paper);stroke:var(--s1);stroke-width:2}
.level{stroke-width:1.5;stroke-dasharray:2 3}.level.s0{stroke:var(--s0)}.level.s1{stroke:var(--s1)}.level.s2{stroke:var(--s2)}
.reached{fill:var(--s0);stroke:var(--paper)}.target{stroke:var(--s1);stroke-width:4}
@media screen and (max-width:40rem){.hint{display:inline}
.list,.list tbody,.list tr,.list th,.list td,.list caption{display:block}
.list thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.list tr{border-bottom:1px solid var(--line);padding:.35rem 0}
.list th,.list td{padding:.1rem 0;border:0}.list tbody th{position:static;font-weight:600}
.list td{display:flex;justify-content:space-between;gap:1rem}
.list td::before{content:attr(data-label);color:var(--quiet);white-space:normal;text-align:left}}
@media (max-width:32rem){.plot text{font-size:20px}.tiles div{flex-direction:row;align-items:baseline;gap:1rem}th,td{padding:.25rem .45rem}}
@media print{:root{color-scheme:light}@page{size:A4;margin:15mm}body{max-width:none;padding:0;font-size:10pt}.scroll{overflow:visible}
h2{break-after:avoid}figure,table,dl,.verdict{break-inside:avoid}.plot{max-width:13cm}
dl{grid-template-columns:repeat(3,1fr)}section>p{break-after:avoid;break-inside:avoid}th:first-child{position:static}th,td{padding:.1rem .4rem}.tiles div{border:1px solid var(--line)}}
)css";

}  // namespace api::report
