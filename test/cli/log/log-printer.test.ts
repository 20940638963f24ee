import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LogPrinter } from '../../../cli/log/log-printer.ts';
import { parseLogLine } from '../../../cli/log/parse-log-line.ts';

const T = '2026-03-01T12:00:00.123456789+01:00';

function print(text: string, options: Partial<ConstructorParameters<typeof LogPrinter>[0]> = {}): string {
  const printer = new LogPrinter({ timestamps: false, sinceMs: null, ...options });
  return printer.feed(Buffer.from(text)) + printer.end();
}

test('a line has a time, a stream, a tag and a text', () => {
  assert.equal(parseLogLine(`${T} stderr F  two spaces `), {
    time: T,
    stream: 'stderr',
    partial: false,
    text: ' two spaces ',
  });
  assert.equal(parseLogLine('2026-03-01T12:00:00Z stdout P:x x')?.partial, true);
  assert.is(parseLogLine(`${T} stdout F`)?.text, '');
});

test('what is no such line is null', () => {
  assert.is(parseLogLine('half a li'), null);
  assert.is(parseLogLine(`${T} stdlog F x`), null);
});

test('partial lines are put together, each stream by itself', () => {
  const log = `${T} stdout P ab\n${T} stderr P 12\n${T} stdout P cd\n${T} stderr F 34\n${T} stdout F ef\n`;
  assert.is(print(log), '1234\nabcdef\n');
});

test('what has not ended is printed at the end, without a line feed', () => {
  assert.is(print(`${T} stdout F a\n${T} stdout P $ \n`), 'a\n$ ');
  assert.is(print(`${T} stdout F a\n${T} stdout P $ `), 'a\n$ ');
});

test('timestamps are those of the line, once', () => {
  assert.is(print(`${T} stdout P a\n${T} stdout F b\n`, { timestamps: true }), `${T} ab\n`);
});

test('since leaves out what is older, by instant and not by text', () => {
  const log = `${T} stdout F old\n2026-03-01T11:30:00Z stdout F new\n`;
  assert.is(print(log, { sinceMs: Date.parse('2026-03-01T11:15:00Z') }), 'new\n');
});

test('bytes may be cut anywhere, also within a character', () => {
  const bytes = Buffer.from(`${T} stdout F grün 漢字\n${T} stdout F zwei\n`);
  for (const size of [1, 2, 3, 7]) {
    const printer = new LogPrinter({ timestamps: false, sinceMs: null });
    let out = '';
    for (let i = 0; i < bytes.length; i += size) out += printer.feed(bytes.subarray(i, i + size));
    assert.is(out + printer.end(), 'grün 漢字\nzwei\n');
  }
});

test('a line of another format is printed as it is', () => {
  assert.is(print('conmon: something else\n'), 'conmon: something else\n');
});

test('an endless line does not stay in memory', () => {
  const printer = new LogPrinter({ timestamps: false, sinceMs: null });
  const piece = Buffer.from(`${T} stdout P ${'x'.repeat(100_000)}\n`);
  let printed = 0;
  for (let i = 0; i < 20; i += 1) printed += printer.feed(piece).length;
  assert.ok(printed >= 1_000_000, String(printed));
});

test.run();
