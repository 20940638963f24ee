import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createMonitorScope } from '../../../engine/cgroup/monitor-scope.ts';
import type { MonitorScope } from '../../../engine/cgroup/monitor-scope.ts';
import type { CgroupOwner } from '../../../engine/cgroup/cgroup-path.ts';
import type { Command } from '../../../engine/process/run-command.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

const SYSTEMD: CgroupOwner = { run: '/run/tsctr', manager: 'systemd' };
const PID = 4242;

interface Host {
  scope: MonitorScope;
  /** What systemd was asked. */
  calls: Command[];
  /** What systemd does when asked, and what it says against it. */
  behave: (onCall: () => string) => void;
  /** The cgroup appears, as when somebody else has made it. */
  makeCgroup: () => void;
  /** The process is in it, as when systemd has made it. */
  moveIn: () => void;
  procs: string;
}

/** A host whose cgroup tree and /proc are directories. */
function withHost(body: (host: Host) => Promise<void>): Promise<void> {
  return withDirectory(async (directory) => {
    const proc = path.join(directory, 'proc');
    const cgroup = path.join(directory, 'tsctr.slice/tsctr-monitors.scope');
    const calls: Command[] = [];
    let onCall = (): string => '';
    mkdirSync(path.join(proc, String(PID)), { recursive: true });
    writeFileSync(path.join(proc, String(PID), 'cgroup'), '0::/system.slice/tsctr.service\n');
    const scope = createMonitorScope({
      owner: SYSTEMD,
      layout: { version: 'v2', unified: directory, v1: new Map(), controllers: [] },
      busctl: '/usr/bin/busctl',
      proc,
      runCommand: (command) => {
        calls.push(command);
        const stderr = onCall();
        return Promise.resolve({
          exitCode: stderr === '' ? 0 : 1,
          signal: null,
          stdout: Buffer.alloc(0),
          stderr,
        });
      },
    });
    assert.ok(scope);
    await body({
      scope,
      calls,
      behave: (next) => (onCall = next),
      makeCgroup: () => {
        mkdirSync(cgroup, { recursive: true });
        writeFileSync(path.join(cgroup, 'cgroup.procs'), '');
      },
      moveIn: () => {
        const unit = '0::/tsctr.slice/tsctr-monitors.scope\n';
        writeFileSync(path.join(proc, String(PID), 'cgroup'), unit);
      },
      procs: path.join(cgroup, 'cgroup.procs'),
    });
  });
}

test('a monitor enters a scope that is there without a word to systemd', () =>
  withHost(async ({ scope, calls, makeCgroup, procs }) => {
    makeCgroup();
    await scope.admit(PID);
    assert.is(readFileSync(procs, 'utf8'), String(PID));
    assert.equal(calls, []);
  }));

test('the first monitor makes the scope: delegated, in the slice of the instance, outside of the order of a shutdown', () =>
  withHost(async ({ scope, calls, behave, moveIn }) => {
    behave(() => {
      setTimeout(moveIn, 10);
      return '';
    });
    await scope.admit(PID);
    assert.is(calls.length, 1);
    const said = calls[0]?.args.join(' ') ?? '';
    assert.match(said, 'StartTransientUnit ssa(sv)a(sa(sv)) tsctr-monitors.scope fail 8 ');
    assert.match(said, ' Slice s tsctr.slice PIDs au 1 4242 Delegate b true ');
    assert.match(said, ' DefaultDependencies b false Before as 1 tsctr-shutdown.service 0');
  }));

test('of two monitors that make it at once the second enters that of the first', () =>
  withHost(async ({ scope, calls, behave, makeCgroup, procs }) => {
    behave(() => {
      makeCgroup();
      return 'Call failed: Unit tsctr-monitors.scope already exists.';
    });
    await scope.admit(PID);
    assert.is(calls.length, 1);
    assert.is(readFileSync(procs, 'utf8'), String(PID));
  }));

test('a scope that ends while its last monitor does is made again', () =>
  withHost(async ({ scope, calls, behave, makeCgroup, moveIn, procs }) => {
    makeCgroup();
    await scope.admit(PID);
    rmSync(path.dirname(procs), { recursive: true });
    behave(() => {
      if (calls.length === 2) moveIn();
      return calls.length === 2 ? '' : 'Call failed: Unit tsctr-monitors.scope was already loaded';
    });
    await scope.admit(PID);
    assert.is(calls.length, 2);
  }));

test('what systemd has against it is said', () =>
  withHost(async ({ scope, behave }) => {
    behave(() => 'Call failed: Access denied\n');
    try {
      await scope.admit(PID);
      assert.unreachable();
    } catch (error) {
      assert.is((error as Error).message, 'make tsctr-monitors.scope: Call failed: Access denied');
    }
  }));

test('without systemd, or a way to ask it, monitors stay where they are', () => {
  const layout = { version: 'v2', unified: '/sys/fs/cgroup', v1: new Map(), controllers: [] } as const;
  const runCommand = (): never => {
    throw new Error('nothing is to be run');
  };
  const make = (owner: CgroupOwner, busctl: string | null): MonitorScope | null =>
    createMonitorScope({ owner, layout, busctl, runCommand });
  assert.is(make({ run: '/run/tsctr', manager: 'cgroupfs' }, '/usr/bin/busctl'), null);
  assert.is(make(SYSTEMD, null), null);
  assert.match(
    make({ run: '/run/other', manager: 'systemd' }, '/b')?.unit ?? '',
    /^tsctr_[0-9a-f]{8}-monitors\.scope$/,
  );
});

test.run();
