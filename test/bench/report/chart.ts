/** The throughput report as an SVG for the README, drawn by ECharts on the server side: no browser, no native module. */
import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Report } from './report.js';

echarts.use([BarChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const COLOURS = ['#2f6feb', '#9aa4b2', '#c2a878', '#b98a8a', '#8aa98a', '#a58ab9', '#d0d4da'];

/** Bars by case, one colour for each system; the length of a bar is the median of jobs per second. */
export function chartOf(report: Report, subtitle: string): string {
  const cases = [...new Set(report.rows.map((row) => row.labels.case))];
  const systems = [...new Set(report.rows.map((row) => row.labels.system))];
  const medianOf = (system: string, name: string) =>
    report.rows.find((row) => row.labels.system === system && row.labels.case === name)?.figures.perSecond?.median;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 860, height: 420 });
  chart.setOption({
    animation: false,
    color: COLOURS,
    backgroundColor: '#ffffff',
    title: { text: report.title, subtext: subtitle, left: 'center' },
    legend: { bottom: 0 },
    grid: { left: 60, right: 20, top: 70, bottom: 60 },
    xAxis: { type: 'category', data: cases },
    yAxis: { type: 'value', name: 'jobs per second' },
    series: systems.map((system) => ({
      name: system,
      type: 'bar',
      data: cases.map((name) => medianOf(system, name) ?? null),
      label: { show: true, position: 'top', fontSize: 9, formatter: ({ value }: { value: unknown }) => short(value) },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return asPicture(svg, `${report.title}: jobs per second`);
}

/** With a title for those who cannot see it; without the styles for the mouse, which a picture in a README does not meet. */
function asPicture(svg: string, title: string): string {
  const quiet = svg.replace(/<style[\s\S]*?<\/style>\s*/, '').replaceAll(/ class="[^"]*"/g, '');
  return `${quiet.replace(/^<svg[^>]*>/, (tag) => `${tag}\n<title>${title}</title>`)}\n`;
}

function short(value: unknown): string {
  const n = Number(value);
  return n < 1000 ? n.toFixed(0) : `${(n / 1000).toFixed(n < 10_000 ? 1 : 0)}k`;
}
