import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadManifests } from '../../schemas/index.ts';
import type { ManifestProblem } from '../../schemas/index.ts';
import { YAML_LIMITS, parseYamlText } from '../../schemas/yaml/yaml-document.ts';
import { ALIAS_BUDGET_NODES, valueOfDocument } from '../../schemas/yaml/yaml-value.ts';
import { container } from './invalid-manifests.ts';

function refusal(text: string): ManifestProblem {
  const { manifests, problems } = loadManifests(text, 'a.yaml');
  const [first] = problems;
  if (first === undefined) throw new Error('expected the text to be refused');
  assert.equal(manifests, []);
  return first;
}

/** How many values there are in plain data, counted only up to a bound. */
function countValues(value: unknown, bound: number): number {
  let count = 0;
  const todo = [value];
  while (todo.length > 0 && count <= bound) {
    count += 1;
    const next = todo.pop();
    if (typeof next === 'object' && next !== null)
      todo.push(...Object.values(next as Record<string, unknown>));
  }
  return count;
}

const BILLION_LAUGHS = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
  .concat(
    Array.from(
      'bcdefghi',
      (name, i) =>
        `${name}: &${name} [${Array(10)
          .fill(`*${'abcdefgh'[i] ?? ''}`)
          .join(', ')}]`,
    ),
  )
  .join('\n');

test('a tower of aliases is refused after the budget, not after a billion values', () => {
  const problem = refusal(BILLION_LAUGHS);
  assert.is(problem.code, 'limit');
  assert.match(problem.message, /aliases/);
  const [parsed] = parseYamlText(BILLION_LAUGHS).documents;
  if (parsed === undefined) throw new Error('expected a document');
  const { value } = valueOfDocument(parsed.document);
  const bound = 10 * ALIAS_BUDGET_NODES;
  assert.ok(countValues(value, bound) < bound, 'work done after the refusal');
});

test('a tower of merge keys is refused the same way', () => {
  const rows = ['m0: &m0 { a: 1 }'];
  for (let i = 1; i < 40; i += 1)
    rows.push(`m${String(i)}: &m${String(i)} { <<: [*m${String(i - 1)}, *m${String(i - 1)}] }`);
  assert.is(refusal(rows.join('\n')).code, 'limit');
});

test('many aliases of one value are no tower', () => {
  const text = `x: &x 1\nlist: [${Array(5000).fill('*x').join(', ')}]\n`;
  assert.is(refusal(text).field, 'kind');
});

test('an alias that stands inside of what it names is refused, through merges too', () => {
  for (const text of ['a: &a [*a]', 'a: &a { b: { c: *a } }', 'a: &a { <<: *a }', '&a [ &b [*a], *b ]']) {
    assert.is(refusal(text).code, 'alias', text);
  }
});

test('an alias means the anchor that stands last before it', () => {
  const [parsed] = parseYamlText('a: &x [1, &y 2]\nb: &y 3\nc: *x\nd: *y\ne: *x\n').documents;
  if (parsed === undefined) throw new Error('expected a document');
  const { value, faults } = valueOfDocument(parsed.document);
  assert.equal(faults, []);
  assert.equal(value, { a: [1, 2], b: 3, c: [1, 2], d: 3, e: [1, 2] });
});

test('deep nesting is refused where it passes the limit: nothing behind that is read', () => {
  for (const open of ['[', '{a: ', '- ', '? ']) {
    const problem = refusal(open.repeat(500_000));
    assert.is(problem.code, 'limit', open);
    assert.ok(
      problem.column <= (YAML_LIMITS.depth + 3) * open.length,
      `${open} read up to ${String(problem.column)}`,
    );
  }
  const indented = Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n');
  assert.ok(refusal(indented).line <= YAML_LIMITS.depth + 3);
});

test('nesting up to the limit is read', () => {
  const depth = YAML_LIMITS.depth - 4;
  assert.is(refusal(`${'['.repeat(depth)}${']'.repeat(depth)}`).code, 'invalid-type');
});

test('depth counts through aliases as well', () => {
  const half = 40;
  const deep = (inner: string) => '['.repeat(half) + inner + ']'.repeat(half);
  assert.is(refusal(`a: &a ${deep('x')}\nb: ${deep('*a')}\n`).code, 'limit');
});

test('size is refused before anything is read', () => {
  const problem = refusal(`${' '.repeat(YAML_LIMITS.textBytes)}a`);
  assert.is(problem.code, 'limit');
  assert.match(problem.message, /3145728 bytes, found 3145729/);
  assert.is(loadManifests('#'.repeat(YAML_LIMITS.textBytes), 'a').problems.length, 0);
});

test('size counts bytes and not characters', () => {
  assert.is(refusal(`# ${'ä'.repeat(YAML_LIMITS.textBytes / 2)}`).code, 'limit');
});

test('too many documents are refused where they pass the limit', () => {
  const problem = refusal('---\na: 1\n'.repeat(YAML_LIMITS.documents + 100));
  assert.is(problem.code, 'limit');
  assert.ok(problem.line <= 2 * (YAML_LIMITS.documents + 2), String(problem.line));
});

test('a dense text is refused where it passes the limit', () => {
  const problem = refusal(`[${'[],'.repeat(YAML_LIMITS.tokens / 2)}]`);
  assert.is(problem.code, 'limit');
  assert.match(problem.message, /tokens/);
  assert.ok(problem.column <= YAML_LIMITS.tokens + 2);
});

test('names of fields that objects inherit, or that change them, give nothing but errors', () => {
  assert.match(refusal(container('image: a', '__proto__: { tty: true }')).message, /__proto__/);
  assert.match(refusal('__proto__: { kind: Pod }').message, /__proto__/);
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
    assert.is(refusal(container('image: a', `${name}: 1`)).message, 'unknown field');
    assert.is(refusal(`kind: ${name}`).code, 'unknown-kind');
    assert.is(refusal(`${name}: 1`).field, 'kind');
  }
  assert.is(({} as Record<string, unknown>)['tty'], undefined);
});

test('a hundred thousand fields, equal or not, are refused with a hundred problems at most', () => {
  const different = container(
    'image: a',
    Array.from({ length: 100_000 }, (_, i) => `f${String(i)}: 1`).join('\n  '),
  );
  const equal = container('image: a', Array(100_000).fill('f: 1').join('\n  '));
  for (const text of [different, equal]) {
    const { problems } = loadManifests(text, 'a');
    assert.ok(problems.length > 0 && problems.length <= 100);
  }
});

test.run();
