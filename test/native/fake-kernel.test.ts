import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createFakeKernel, createLinuxKernel, ErrnoError } from '../../native/index.ts';

test('records the calls in order, with their arguments', () => {
  const kernel = createFakeKernel();
  const fd = kernel.fsopen('tmpfs', 1);
  kernel.fsconfig(fd, 1, 'size', '1m');
  kernel.umount2('/a', 2);
  assert.equal(kernel.calls, [
    { method: 'fsopen', args: ['tmpfs', 1] },
    { method: 'fsconfig', args: [fd, 1, 'size', '1m'] },
    { method: 'umount2', args: ['/a', 2] },
  ]);
  assert.equal(kernel.callsOf('umount2'), [['/a', 2]]);
});

test('never makes up the same descriptor twice', () => {
  const kernel = createFakeKernel();
  const { pid, pidfd } = kernel.spawn({ file: '/bin/true', args: ['true'], env: [], fds: [] });
  const numbers = [kernel.fsopen('proc', 0), ...kernel.socketpair(1), pid, pidfd];
  assert.is(new Set(numbers).size, numbers.length);
});

test('a behaviour is overridden at the start or later, and stays recorded', () => {
  const busy = new ErrnoError('umount2', 'EBUSY', 16, '/a');
  const kernel = createFakeKernel({ readlinkat: () => 'target' });
  assert.is(kernel.readlinkat(-100, 'link'), 'target');
  kernel.behave('umount2', () => {
    throw busy;
  });
  assert.throws(
    () => {
      kernel.umount2('/a', 0);
    },
    (error: unknown) => error === busy,
  );
  assert.is(kernel.callsOf('umount2').length, 1);
});

test('has every method of the real kernel', () => {
  const fake = createFakeKernel();
  for (const method of Object.keys(createLinuxKernel())) assert.ok(method in fake, method);
});

test.run();
