/**
 * A series as a drawing: SVG that the server makes, without scripts and styles of its own; how it looks is in style.css. A
 * value is a line over its whole step, so that one between two gaps is seen too. Pure.
 */
import type { Child } from 'hono/jsx';
import type { View } from '../routes/page.js';

interface ChartProps {
  readonly id: string;
  readonly name: string;
  /** undefined: a gap. */
  readonly values: readonly (number | undefined)[];
  /** A value for people. */
  readonly show: (value: number) => string;
  readonly begin: Child;
  readonly className?: string;
}

/** Units of the drawing, which is stretched to its place. */
const HEIGHT = 100;
/** So that a line at either edge is drawn whole. */
const EDGE = 2;

export function Chart({ id, name, values, show, begin, className }: ChartProps): View {
  const known = values.filter((value) => value !== undefined);
  const most = Math.max(0, ...known);
  const latest = values.at(-1) ?? values.at(-2);
  const told = (value: number | undefined) => (value === undefined ? 'not measured' : show(value));
  const { line, area } = paths(values, most);
  return (
    <figure class={`chart${className === undefined ? '' : ` ${className}`}`} id={id}>
      <figcaption>
        {name} <b>{told(latest)}</b> <small>at most {told(known.length === 0 ? undefined : most)}</small>
      </figcaption>
      <svg
        viewBox={`0 0 ${values.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-labelledby={`${id}-title ${id}-desc`}
      >
        <title id={`${id}-title`}>{name}</title>
        <desc id={`${id}-desc`}>
          Now {told(latest)}, at most {told(known.length === 0 ? undefined : most)}. The table below has all values.
        </desc>
        <path class="area" d={area} />
        <path class="line" d={line} />
      </svg>
      <p class="axis">
        <span>{begin}</span>
        <span>now</span>
      </p>
    </figure>
  );
}

function paths(
  values: readonly (number | undefined)[],
  most: number,
): { readonly line: string; readonly area: string } {
  const floor = HEIGHT - EDGE;
  const height = (value: number) => Math.round((floor - (most === 0 ? 0 : (value / most) * (floor - EDGE))) * 10) / 10;
  let line = '';
  let area = '';
  for (const [step, value] of values.entries()) {
    if (value === undefined) continue;
    const y = height(value);
    const begins = step === 0 || values[step - 1] === undefined;
    line += `${begins ? `M${step} ${y}` : `V${y}`}H${step + 1}`;
    area += `${begins ? `M${step} ${floor}` : ''}V${y}H${step + 1}`;
    if (values[step + 1] === undefined) area += `V${floor}Z`;
  }
  return { line, area };
}
