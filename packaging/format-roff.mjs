// Markdown, as far as docs/ uses it, to the man macros of groff: headings, paragraphs, lists, code and tables.

/** groff_man(7): backslashes, and what a line may not begin with; then the marks within a line. */
function formatInline(text) {
  const escaped = text
    .replaceAll('\\|', '|')
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/\[([^\]]+)\]\((?:[^)]+)\)/g, '$1');
  const marked = escaped
    .split(/(`[^`]*`)/)
    .map((part) =>
      part.startsWith('`')
        ? `\\fB${part.slice(1, -1)}\\fP`
        : part.replace(/\*\*([^*]+)\*\*/g, '\\fB$1\\fP').replace(/<br>/g, ' '),
    )
    .join('');
  return guard(marked);
}

const guard = (line) => (/^[.']/.test(line) ? `\\&${line}` : line);

const cells = (line) =>
  line
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

/** A table is a list of terms: the first column, and what the others say of it. */
function formatTable(lines) {
  const [head = [], , ...rows] = lines.map(cells);
  return rows
    .map(([term = '', ...rest]) => {
      const said = rest.map((cell, index) =>
        rest.length > 1 && cell !== '' ? `${head[index + 1]}: ${cell}` : cell,
      );
      return `.TP\n${formatInline(term)}\n${said.filter(Boolean).map(formatInline).join('\n.br\n') || '\\&'}\n`;
    })
    .join('');
}

function formatCode(lines) {
  const text = lines.map((line) => guard(line.replaceAll('\\', '\\e').replaceAll('-', '\\-'))).join('\n');
  return `.PP\n.RS 4\n.nf\n${text}\n.fi\n.RE\n`;
}

/** The next block of `lines`, from `start`: its text, and where it ends. */
function nextBlock(lines, start) {
  const line = lines[start];
  const until = (matches) => {
    let end = start;
    while (end < lines.length && matches(lines[end])) end++;
    return end;
  };
  if (line.trim() === '') return ['', start + 1];
  const heading = /^(#+) (.*)$/.exec(line);
  if (heading !== null) {
    const [, marks, title] = heading;
    const macro =
      marks.length <= 2 ? `.SH ${formatInline(title).toUpperCase()}` : `.SS ${formatInline(title)}`;
    return [`${macro}\n`, start + 1];
  }
  if (line.startsWith('```')) {
    const end = lines.indexOf('```', start + 1);
    if (end < 0) throw new Error(`line ${start + 1}: code without an end`);
    return [formatCode(lines.slice(start + 1, end)), end + 1];
  }
  if (line.startsWith('|')) {
    const end = until((one) => one.startsWith('|'));
    return [formatTable(lines.slice(start, end)), end];
  }
  const item = /^(?:[-*]|\d+\.) (.*)$/.exec(line);
  if (item !== null) {
    const end = start + 1 + lines.slice(start + 1).findIndex((one) => !/^\s+\S/.test(one));
    const rest = end > start ? lines.slice(start + 1, end) : [];
    return [
      `.IP \\(bu 2\n${formatInline([item[1], ...rest.map((one) => one.trim())].join(' '))}\n`,
      Math.max(end, start + 1),
    ];
  }
  const end = until((one) => one.trim() !== '' && !/^(#|```|\||[-*] )/.test(one));
  return [`.PP\n${lines.slice(start, end).map(formatInline).join('\n')}\n`, end];
}

/** Throws on code without an end. */
export function formatRoff(markdown) {
  const lines = [...markdown.split('\n'), ''];
  let roff = '';
  for (let at = 0; at < lines.length;) {
    const [text, next] = nextBlock(lines, at);
    roff += text;
    at = next;
  }
  return roff;
}
