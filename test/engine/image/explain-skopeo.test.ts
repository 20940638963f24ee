import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { explainSkopeo } from '../../../engine/image/explain-skopeo.ts';

/** What skopeo 1.9.3 printed, each seen. */
const SEEN: [what: string, said: string, code: string, words: RegExp][] = [
  [
    'an unknown tag',
    'initializing source docker://127.0.0.1:5000/x:1: reading manifest 1 in 127.0.0.1:5000/x: manifest unknown: manifest unknown',
    'IMAGE_NOT_FOUND',
    /does not have it/,
  ],
  [
    'missing credentials',
    'initializing source docker://127.0.0.1:5000/x:1: reading manifest 1 in 127.0.0.1:5000/x: unauthorized: authentication required',
    'IMAGE_PULL_FAILED',
    /refuses access/,
  ],
  [
    'a closed port',
    'initializing source docker://localhost:5999/none:1: pinging container registry localhost:5999: Get \\"https://localhost:5999/v2/\\": dial tcp 127.0.0.1:5999: connect: connection refused',
    'IMAGE_PULL_FAILED',
    /connection refused/,
  ],
  [
    'an unknown host',
    'pinging container registry nowhere.invalid: Get \\"https://nowhere.invalid/v2/\\": dial tcp: lookup nowhere.invalid: no such host',
    'IMAGE_PULL_FAILED',
    /host name .* unknown/,
  ],
  [
    'plain HTTP',
    'pinging container registry 127.0.0.1:5000: Get \\"https://127.0.0.1:5000/v2/\\": http: server gave HTTP response to HTTPS client',
    'IMAGE_PULL_FAILED',
    /speaks HTTP/,
  ],
  [
    'a strange certificate',
    'Get \\"https://r/v2/\\": x509: certificate signed by unknown authority',
    'IMAGE_PULL_FAILED',
    /not trusted/,
  ],
  [
    'a file that is missing',
    'initializing source docker-archive:/tmp/nope.tar: opening file \\"/tmp/nope.tar\\": open /tmp/nope.tar: no such file or directory',
    'IMAGE_NOT_FOUND',
    /no such file/,
  ],
  ['a full disk', 'writing blob: write /x: no space left on device', 'NO_SPACE', /no space/],
  [
    'a policy that forbids',
    'Source image rejected: Running image docker://x is rejected by policy.',
    'IMAGE_PULL_FAILED',
    /policy/,
  ],
];

for (const [what, said, code, words] of SEEN) {
  test(`says in plain words: ${what}`, () => {
    const stderr = `time="2026-01-01T00:00:00Z" level=warning msg="retrying"\ntime="2026-01-01T00:00:00Z" level=fatal msg="${said}"\n`;
    const error = explainSkopeo('fetch example/x:1', stderr, 'ended with 1');
    assert.is(error.code, code);
    assert.match(error.message, /^fetch example\/x:1: /);
    assert.match(error.message, words);
  });
}

test('passes on what it does not know', () => {
  const error = explainSkopeo('fetch x', 'level=fatal msg="the \\"moon\\" is full"', 'ended with 1');
  assert.is(error.message, 'fetch x: skopeo ended with 1: the "moon" is full');
});

test.run();
