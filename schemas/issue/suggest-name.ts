/**
 * The candidate that `name` was most likely meant to be: the nearest by optimal string alignment distance (insert, delete,
 * replace, swap neighbours), when it is near enough not to be a guess. Upper and lower case count as equal. Null when none is.
 */
export function suggestName(name: string, candidates: Iterable<string>): string | null {
  if (name.length === 0 || name.length > 64) return null;
  const wanted = name.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.min(3, Math.max(1, Math.floor(name.length / 3))) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = alignmentDistance(wanted, candidate.toLowerCase());
    // A name of two letters is one replacement away from a hundred others.
    if (distance < bestDistance && distance < Math.min(candidate.length, name.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `, did you mean \`command\`?`, or nothing. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  const found = suggestName(name, candidates);
  return found === null ? '' : `, did you mean \`${found}\`?`;
}

/** https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance#Optimal_string_alignment_distance */
function alignmentDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replace, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
