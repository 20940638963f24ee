import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { logExcerpt } from '../../../engine/criu/log-excerpt.ts';

const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);

test('[criu.log-excerpt] the lines around each error have their numbers, and gaps are marked', () => {
  const log = lines(30);
  log[9] = '(00.1) Error (criu/files.c:55): one';
  log[19] = '(00.2) Error (criu/cr-dump.c:9): two';
  assert.is(
    logExcerpt(`${log.join('\n')}\n`),
    [
      '    …',
      ' 7: line 7',
      ' 8: line 8',
      ' 9: line 9',
      '10: (00.1) Error (criu/files.c:55): one',
      '11: line 11',
      '    …',
      '17: line 17',
      '18: line 18',
      '19: line 19',
      '20: (00.2) Error (criu/cr-dump.c:9): two',
      '21: line 21',
      '    …',
    ].join('\n'),
  );
});

test('[criu.log-excerpt] errors close together make one piece', () => {
  const excerpt = logExcerpt('a\nError (x:1): one\nb\nError (x:2): two');
  assert.is(excerpt, '1: a\n2: Error (x:1): one\n3: b\n4: Error (x:2): two');
});

test('[criu.log-excerpt] the line that CRIU always writes without CAP_SYS_RESOURCE is no reason', () => {
  assert.is(logExcerpt("Error (criu/util.c:1533): rlimit: Can't setup RLIMIT_NOFILE for self\nfine\n"), '');
});

test('[criu.log-excerpt] of very many errors the first and the last are shown', () => {
  const excerpt = logExcerpt(
    lines(5000)
      .map((line) => `Error (x:1): ${line}`)
      .join('\n'),
  );
  assert.match(excerpt, /^ *1: Error \(x:1\): line 1\n/);
  assert.match(excerpt, /5000: Error \(x:1\): line 5000$/);
  assert.is(excerpt.split('\n').length, 61);
});

test('a log without errors has no excerpt', () => {
  assert.is(logExcerpt('all is well\n'), '');
  assert.is(logExcerpt(''), '');
});

test.run();
