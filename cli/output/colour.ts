import { styleText } from 'node:util';

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

/** Colours text, or leaves it as it is. */
export type Painter = (colour: Colour, text: string) => string;

export const plain: Painter = (_colour, text) => text;

// styleText asks the environment by itself in newer Nodes; whether to colour was decided by `wantsColour` already.
const painted: Painter = (colour, text) => styleText(colour, text, { validateStream: false });

export function painter(colour: boolean): Painter {
  return colour ? painted : plain;
}

/** Colour goes to a terminal only, unless NO_COLOR (no-color.org), --no-color or TERM=dumb forbids it. */
export function wantsColour(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
  forbidden: boolean,
): boolean {
  if (forbidden || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return false;
  return isTerminal;
}
