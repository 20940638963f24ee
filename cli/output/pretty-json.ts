/** Indents compact JSON without reading its numbers: those of 64 bits would not survive that. */
export function prettyJson(text: string): string {
  let depth = 0;
  const newLine = (): string => `\n${'  '.repeat(depth)}`;
  // Strings, empty collections, and single signs; everything else is copied as it stands.
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|\[\]|\{\}|[[\]{},:]|[^"[\]{},:]+/g) ?? [];
  return tokens
    .map((token) => {
      switch (token) {
        case '{':
        case '[':
          depth += 1;
          return token + newLine();
        case '}':
        case ']':
          depth -= 1;
          return newLine() + token;
        case ',':
          return token + newLine();
        case ':':
          return ': ';
        default:
          return token;
      }
    })
    .join('');
}
