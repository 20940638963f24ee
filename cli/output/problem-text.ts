import type { ManifestProblem } from '../../schemas/index.ts';
import type { Painter } from './colour.ts';
import { printable } from './printable.ts';

/** `file:line:column: field: message`, then the excerpt when there is one and `withExcerpt` asks for it. */
export function formatProblem(
  problem: ManifestProblem,
  paint: Painter,
  withExcerpt: 'excerpt' | 'line',
): string {
  const place = `${problem.file}:${problem.line}:${problem.column}:`;
  const field = problem.field === '' ? '' : `${problem.field}: `;
  const head = `${paint('bold', printable(place))} ${printable(field + problem.message)}`;
  if (withExcerpt === 'line' || problem.excerpt === null) return `${head}\n`;
  return `${head}\n${printable(problem.excerpt).replace(/\n$/, '')}\n`;
}

/** `1 error, nothing was changed`. */
export function formatProblemCount(count: number, consequence: string): string {
  return `${count} ${count === 1 ? 'error' : 'errors'}${consequence === '' ? '' : `, ${consequence}`}`;
}
