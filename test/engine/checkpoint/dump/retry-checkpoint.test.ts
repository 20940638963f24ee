import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_RETRIES, planRetry } from '../../../../engine/checkpoint/dump/retry-checkpoint.ts';
import { classifyFailure } from '../../../../engine/criu/classify-failure.ts';
import { CriuError } from '../../../../engine/criu/criu-error.ts';

const failed = (log: string): CriuError =>
  new CriuError({ operation: 'test', explanation: classifyFailure({ log }), excerpt: log });
const GHOST = failed(
  "1: (00.1) Error (criu/files-reg.c:900): Can't dump ghost file /g of 104857600 size, increase limit",
);
const LOCKS = failed(
  '1: (00.1) Error (criu/file-lock.c:90): Some file locks are hold by dumping tasks! You can try --file-locks',
);
const TCP = failed(
  '1: (00.1) Error (criu/sk-inet.c:188): inet: Connected TCP socket, consider using --tcp-established option.',
);

test('a larger deleted file is saved in a second try, up to a bound', () => {
  const retry = planRetry(GHOST, { allowances: {} }, DEFAULT_RETRIES);
  assert.is(retry?.cause, 'deleted-file-too-large');
  assert.ok((retry?.allowances.ghostLimitBytes ?? 0) > 104_857_600);
  const huge = failed(
    "1: Error (criu/files-reg.c:900): Can't dump ghost file /g of 9104857600 size, increase limit",
  );
  assert.is(planRetry(huge, { allowances: {} }, DEFAULT_RETRIES), null);
});

test('what others notice is tried only where the manifest allows it', () => {
  for (const error of [LOCKS, TCP]) assert.is(planRetry(error, { allowances: {} }, DEFAULT_RETRIES), null);
  assert.equal(planRetry(LOCKS, { allowances: {} }, ['fileLocks'])?.allowances, { fileLocks: true });
  assert.equal(planRetry(TCP, { allowances: {} }, ['tcpEstablished'])?.allowances, { tcpEstablished: true });
  assert.is(planRetry(TCP, { allowances: { tcpClose: true } }, ['tcpEstablished']), null);
});

test('where iptables does not work, connections are cut off by nftables, once', () => {
  const failure = failed(
    '1: (00.1) Error (criu/util.c:641): execvp("iptables-restore", ...) failed: No such file',
  );
  const retry = planRetry(failure, { allowances: { tcpEstablished: true } }, DEFAULT_RETRIES);
  assert.equal(
    [retry?.cause, retry?.networkLock, retry?.with],
    ['network-lock', 'NFTABLES', ['networkLock']],
  );
  const again = { allowances: { tcpEstablished: true }, networkLock: 'NFTABLES' } as const;
  assert.is(planRetry(failure, again, DEFAULT_RETRIES), null);
  assert.is(planRetry(failure, { allowances: {} }, ['ghostLimit']), null);
});

test('what is said outright is never changed, so no try is made twice', () => {
  assert.is(planRetry(GHOST, { allowances: { ghostLimitBytes: 1000 } }, DEFAULT_RETRIES), null);
  assert.is(planRetry(LOCKS, { allowances: { fileLocks: false } }, ['fileLocks']), null);
  assert.is(planRetry(LOCKS, { allowances: { fileLocks: true } }, ['fileLocks']), null);
  assert.is(planRetry(new Error('no'), { allowances: {} }, DEFAULT_RETRIES), null);
});

test.run();
