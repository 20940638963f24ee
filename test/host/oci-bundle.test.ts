import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COUNT, goesOn, missingForBundles, withBundle } from '../support/bare-container.ts';
import { testUnless } from '../support/skip.ts';
import { until } from '../support/until.ts';

const onHost = testUnless(test, await missingForBundles());

onHost(
  '[restore.after] create, start, checkpoint, restore, exec, kill and delete of a bare bundle',
  async () => {
    await withBundle(
      () => undefined,
      async (container) => {
        const { call, callInto, state, directory } = container;
        assert.is(await callInto('create', 'web'), 0);
        assert.is(state().status, 'created');
        assert.is(call('start', 'web').status, 0);
        await goesOn(container);
        const images = path.join(directory, 'images');
        const { pid } = state();
        const left = call(
          'checkpoint',
          '--leave-running',
          '--image-path',
          path.join(directory, 'first'),
          'web',
        );
        assert.is(left.status, 0, left.output);
        assert.is(state().pid, pid, 'left running');
        await goesOn(container);
        for (let round = 0; round < 2; round++) {
          const saved = call('checkpoint', '--image-path', images, '--work-path', directory, 'web');
          assert.is(saved.status, 0, saved.output);
          assert.match(call('state', 'web').output, /does not exist/);
          assert.ok(
            existsSync(path.join(directory, 'stats-dump')) && existsSync(path.join(directory, 'dump.log')),
          );
          const pidFile = path.join(directory, 'pid');
          assert.is(
            await callInto('restore', '--detach', '--image-path', images, '--pid-file', pidFile, 'web'),
            0,
          );
          assert.is(state().status, 'running');
          assert.is(String(state().pid), readFileSync(pidFile, 'utf8'));
          await goesOn(container);
        }
        assert.is(call('exec', 'web', 'echo', 'inside').output, 'inside\n');
        const again = call('restore', '--detach', '--image-path', images, 'web');
        assert.is(again.status, 1);
        assert.match(again.output, /container with given ID already exists/);
        assert.is(state().status, 'running', 'it is not harmed by that');
        assert.is(call('pause', 'web').status, 0);
        assert.is(state().status, 'paused');
        assert.is(call('resume', 'web').status, 0);
        assert.is(call('kill', 'web', 'TERM').status, 0);
        await until(() => state().status === 'stopped', { what: 'it has ended' });
        assert.is(call('delete', 'web').status, 0);
      },
    );
  },
);

onHost(
  '[criu.sibling] in the foreground it lives as long as the container, hands signals on and returns its exit code',
  async () => {
    await withBundle(
      () => undefined,
      async (container) => {
        const { call, callInto, state } = container;
        await callInto('create', 'web');
        call('start', 'web');
        await goesOn(container);
        assert.is(call('checkpoint', 'web').status, 0);
        const ended = callInto('restore', 'web');
        await until(() => call('state', 'web').status === 0 && state().status === 'running', {
          what: 'it is back',
        });
        await goesOn(container);
        const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${state().pid}/status`, 'utf8'))?.[1];
        process.kill(Number(parent), 'SIGTERM');
        assert.is(await ended, 7);
        assert.is(call('state', 'web').status, 1, 'nothing is left');
      },
    );
  },
);

onHost(
  '[restore.complete] [restore.rollback] [criu.lsm] what fails says why, in the log too, and leaves nothing; a profile for the processes is CRIU’s to set',
  async () => {
    await withBundle(
      (spec) => {
        spec.process.args = ['sh', '-c', `exec 9<>/open; ${COUNT}`];
      },
      async (container) => {
        const { call, callInto, directory, bundle } = container;
        await callInto('create', 'web');
        assert.match(call('checkpoint', 'web').output, /it is created, expected running or paused/);
        call('start', 'web');
        await goesOn(container);
        const lacking = call('checkpoint', '--pre-dump', '--image-path', path.join(directory, 'pre'), 'web');
        if (lacking.status !== 0) assert.match(lacking.output, /this host lacks memory tracking/);
        assert.is(call('checkpoint', 'web').status, 0);
        assert.match(
          call('restore', '--image-path', bundle, 'web').output,
          /a complete checkpoint cannot be found/,
        );
        writeFileSync(path.join(bundle, 'rootfs/open'), 'other');
        assert.is(await callInto('restore', '--detach', 'web'), 1);
        const errors = path.join(directory, 'output.errors');
        await until(() => readFileSync(errors, 'utf8').includes('has bad size'), {
          what: 'the reason is told',
        });
        assert.match(readFileSync(path.join(directory, 'log'), 'utf8'), /level=error msg=".*has bad size/);
        assert.match(call('state', 'web').output, /does not exist/);
        assert.not(existsSync(path.join(directory, 'state/web')));
        writeFileSync(path.join(bundle, 'rootfs/open'), '');
        // Of the two modules that know profiles a kernel has one at most.
        const absent = existsSync('/sys/module/apparmor') ? 'selinux:a_u:a_r:a_t:s0' : 'apparmor:web';
        assert.match(
          call('restore', '--detach', '--lsm-profile', absent, 'web').output,
          /the kernel has no (AppArmor|SELinux), by which the processes are to be confined/,
        );
        assert.is(await callInto('restore', '--detach', '--lsm-profile', 'none:', 'web'), 0);
        await goesOn(container);
      },
    );
  },
);

onHost('[criu.config-file] the annotation names the file that CRIU reads last', async () => {
  await withBundle(
    (spec, directory) => {
      spec.annotations = { 'org.criu.config': path.join(directory, 'criu.conf') };
    },
    async (container) => {
      const { call, callInto, directory } = container;
      writeFileSync(path.join(directory, 'criu.conf'), 'log-file named.log\n');
      await callInto('create', 'web');
      call('start', 'web');
      await goesOn(container);
      const saved = call('checkpoint', '--work-path', directory, 'web');
      assert.is(saved.status, 0, saved.output);
      assert.ok(existsSync(path.join(directory, 'named.log')));
      assert.not(existsSync(path.join(directory, 'dump.log')));
    },
  );
});

test.run();
