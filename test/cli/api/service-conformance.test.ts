import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CliError } from '../../../cli/command-line/cli-error.ts';
import { RemoteService } from '../../../cli/api/client.ts';
import { serve } from '../../../cli/api/server.ts';
import type { ApplyEvent, ApplyRequest, Service } from '../../../cli/api/service.ts';
import { viewContainer, viewPod } from '../../../cli/output/resource-status.ts';
import { IllegalStateError, ManifestError } from '../../../schemas/index.ts';
import type { ManifestProblem } from '../../../schemas/index.ts';
import { EngineError } from '../../../engine/index.ts';
import { ErrnoError } from '../../../native/index.ts';
import { FakeService, IMAGE } from '../support/fake-service.ts';
import { containerRecord, memberRecord, NOW, podRecord } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

interface Opened {
  service: Service;
  close: () => Promise<void>;
}

/** The fake itself, and the same behind server, socket and client: to a caller they must be one. */
const WAYS: Record<string, (fake: FakeService) => Promise<Opened>> = {
  direct: (service) => Promise.resolve({ service, close: () => Promise.resolve() }),
  'over the socket': async (fake) => {
    const socketPath = join(temporaryDirectory(), 'tsctr.sock');
    const server = await serve({ service: fake, socketPath, version: '0.0.0', root: '/r' });
    const service = new RemoteService(socketPath);
    return {
      service,
      close: async () => {
        await service.close();
        await server.close(100);
      },
    };
  },
};

const REQUEST: ApplyRequest = {
  files: [{ file: 'web.yaml', path: '/srv/web.yaml', text: 'kind: Container\n# ü 漢\n' }],
  prune: true,
  waitMs: 1500,
};

const PROBLEM: ManifestProblem = {
  file: 'web.yaml',
  line: 7,
  column: 3,
  length: 6,
  field: 'spec.comand',
  message: 'unknown field',
  code: 'unknown-field',
  excerpt: null,
};

const EVENTS: ApplyEvent[] = [
  { resource: { kind: 'Container', name: 'web' }, what: 'created', detail: 'image localhost/demo:1' },
  { resource: { kind: 'Container', name: 'web' }, what: 'running', detail: 'pid 4242 after 61 ms' },
];

for (const [way, open] of Object.entries(WAYS)) {
  const conform = (title: string, check: (fake: FakeService, service: Service) => Promise<void>): void => {
    test(`${way}: ${title}`, async () => {
      const fake = new FakeService();
      const { service, close } = await open(fake);
      try {
        await check(fake, service);
      } finally {
        await close();
      }
    });
  };

  conform(
    'apply hands the request over, tells events in order, and returns the summary',
    async (fake, service) => {
      fake.events = EVENTS;
      fake.summary = { changed: 1, unchanged: 2, failed: 3, timedOut: true, problems: [PROBLEM] };
      const told: ApplyEvent[] = [];
      const summary = await service.apply(REQUEST, (event) => told.push(event));
      assert.equal(told, EVENTS);
      assert.equal(summary, fake.summary);
      assert.equal(fake.calls, [{ method: 'apply', request: REQUEST }]);
    },
  );

  conform('events arrive while the work goes on', async (fake, service) => {
    fake.events = EVENTS;
    let release = (): void => undefined;
    fake.hold = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await new Promise<void>((resolve, reject) => {
      let told = 0;
      service
        .apply(REQUEST, () => {
          told += 1;
          // The work is held until the second event has arrived here: it can only have come before the end.
          if (told === 2)
            setTimeout(() => {
              release();
            }, 10);
        })
        .then(() => {
          resolve();
        }, reject);
    });
  });

  conform('delete and act hand their requests over', async (fake, service) => {
    const names = [{ kind: 'Pod' as const, name: 'db' }];
    const remove = { names, ignoreMissing: true, force: false };
    const act = { verb: 'kill' as const, names, signal: 'HUP', timeoutMs: null };
    assert.equal(await service.delete(remove, () => undefined), fake.summary);
    assert.equal(await service.act(act, () => undefined), fake.summary);
    assert.equal(
      fake.calls.map(({ request }) => request),
      [remove, act],
    );
  });

  conform('list and plan return what is there', async (fake, service) => {
    fake.views = [
      viewContainer(containerRecord('web'), NOW),
      viewPod(podRecord('db', ['server']), [memberRecord('db', 'server')], NOW),
    ];
    fake.changes = [{ resource: { kind: 'Container', name: 'web' }, action: 'in place', reasons: ['a → b'] }];
    assert.equal(await service.list(), fake.views);
    assert.equal(await service.plan(REQUEST), fake.changes);
  });

  conform('logs and host return what is there', async (fake, service) => {
    assert.equal(await service.logs({ kind: 'Pod', name: 'db' }, 'server'), fake.logFiles);
    assert.equal((await service.host()).runtime.name, 'crun');
    assert.equal(fake.calls[0]?.request, [{ kind: 'Pod', name: 'db' }, 'server']);
  });

  conform('checkpoints: all six', async (fake, service) => {
    const names = [{ kind: 'Container' as const, name: 'web' }];
    const allowances = { tcpEstablished: true, linkRemap: false, debugLog: true };
    const how = { then: 'stop' as const, timeoutMs: 500, pin: true, by: 'shutdown' as const };
    const create = { names, allowances, image: 'localhost/c:1', ...how };
    const targets = [{ kind: 'Container' as const, name: 'web', checkpoint: 3 }, ...names];
    const checkpoints = [{ container: 'db.server', checkpoint: 0 }];
    const check = { container: 'db.server', allowances };
    const told: ApplyEvent[] = [];
    fake.events = EVENTS;
    assert.equal(await service.checkpoints.create(create, (event) => told.push(event)), fake.summary);
    assert.equal(
      await service.checkpoints.restore(
        { names: targets, archive: null, ignore: [], lazyPages: true },
        () => undefined,
      ),
      fake.summary,
    );
    assert.is((await service.checkpoints.check(check)).canCheckpoint, true);
    await service.checkpoints.remove(checkpoints);
    assert.equal(await service.checkpoints.declared(), fake.declared);
    assert.match(await service.checkpoints.key(), /^ed25519:/);
    assert.equal(told, EVENTS);
    assert.equal(fake.calls, [
      { method: 'checkpoints.create', request: create },
      {
        method: 'checkpoints.restore',
        request: { names: targets, archive: null, ignore: [], lazyPages: true },
      },
      { method: 'checkpoints.check', request: check },
      { method: 'checkpoints.remove', request: checkpoints },
      { method: 'checkpoints.declared', request: null },
      { method: 'checkpoints.key', request: null },
    ]);
  });

  conform('images: all seven', async (fake, service) => {
    const progress: string[] = [];
    const pulled = await service.images.pull('demo', 'IfNotPresent', ({ phase }) => progress.push(phase));
    assert.equal(pulled, { reference: 'demo', id: IMAGE.id });
    assert.equal(progress, ['fetching', 'fetching', 'done']);
    assert.equal(await service.images.list(), [IMAGE]);
    assert.equal(await service.images.import('oci:/x', null, () => undefined), IMAGE);
    assert.equal(await service.images.inspect('localhost/demo:1'), IMAGE);
    assert.is(await service.images.inspect('absent'), null);
    assert.equal(await service.images.push('localhost/demo:1', 'r/x:1'), {
      destination: 'docker://r/x:1',
      digest: IMAGE.digest,
    });
    await service.images.remove('localhost/demo:1');
    assert.equal(await service.images.prune(), { removed: [IMAGE], freedBytes: 1_200_000 });
    assert.equal(fake.calls[0]?.request, { reference: 'demo', policy: 'IfNotPresent' });
  });

  conform('watch tells what is there, then changes until the signal, and resolves', async (fake, service) => {
    const end = new AbortController();
    const seen: string[] = [];
    fake.views = [viewContainer(containerRecord('old'), NOW)];
    const watching = service.watch((event) => {
      if (event.what === 'resource')
        seen.push(`${event.view.resource.name} ${event.gone ? 'gone' : event.view.status}`);
      else seen.push(event.what);
      if (seen.length === 4) end.abort();
    }, end.signal);
    await until(() => fake.watcherCount === 1);
    fake.change(viewContainer(containerRecord('web'), NOW));
    fake.change(viewContainer(containerRecord('web'), NOW), true);
    await watching;
    assert.equal(seen, ['old Running', 'listed', 'web Running', 'web gone']);
    await until(() => fake.watcherCount === 0);
  });

  conform('the signal reaches the work, and the caller gets an AbortError', async (fake, service) => {
    const end = new AbortController();
    let reached = false;
    fake.hold = (signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          reached = true;
          reject(new DOMException('aborted', 'AbortError'));
        });
        setTimeout(() => {
          end.abort();
        }, 20);
      });
    const error = await rejection(service.apply(REQUEST, () => undefined, end.signal));
    assert.is(error.name, 'AbortError');
    await until(() => reached);
  });

  conform('a signal that was given before refuses at once', async (fake, service) => {
    fake.hold = (signal) => {
      signal?.throwIfAborted();
      return Promise.resolve();
    };
    const error = await rejection(service.apply(REQUEST, () => undefined, AbortSignal.abort()));
    assert.is(error.name, 'AbortError');
  });

  conform('errors keep class, code, message and fields', async (fake, service) => {
    fake.error = new ManifestError([PROBLEM]);
    const bad = await rejection(service.plan(REQUEST));
    assert.ok(bad instanceof ManifestError);
    assert.equal(bad.problems, [PROBLEM]);
    assert.is(bad.message, 'web.yaml:7:3: spec.comand: unknown field');

    fake.error = new IllegalStateError('pause', 'web', 'Exited');
    const illegal = await rejection(
      service.act({ verb: 'pause', names: [], signal: null, timeoutMs: null }, () => undefined),
    );
    assert.ok(illegal instanceof IllegalStateError);
    assert.is(illegal.state, 'Exited');

    const cause = new ErrnoError('fsmount', 'EPERM', 1, '/x');
    fake.error = new EngineError('LOCKED', 'lock /r: pid 7 is at work', { hint: 'wait', cause });
    const locked = await rejection(service.list());
    assert.ok(locked instanceof EngineError);
    assert.equal([locked.code, locked.hint], ['LOCKED', 'wait']);
    assert.ok(locked.cause instanceof ErrnoError);
    assert.equal([locked.cause.syscall, locked.cause.errno, locked.cause.path], ['fsmount', 1, '/x']);

    fake.error = new CliError('NOT_FOUND', 'container/web: not found', 'see: tsctr get');
    const missing = await rejection(service.list());
    assert.ok(missing instanceof CliError);
    assert.is(missing.hint, 'see: tsctr get');
  });

  conform('an unknown class keeps name, code and cause', async (fake, service) => {
    const cause = Object.assign(new Error('fsmount: EPERM'), { code: 'EPERM', errno: 1, syscall: 'fsmount' });
    fake.error = Object.assign(new Error('create web', { cause }), { name: 'OddError', code: 'ODD' });
    const odd = await rejection(service.images.list());
    assert.is(odd.name, 'OddError');
    assert.is('code' in odd ? odd.code : null, 'ODD');
    assert.instance(odd.cause, Error);
    assert.is((odd.cause as NodeJS.ErrnoException).syscall, 'fsmount');
  });
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, Error);
    return error as Error;
  }
  throw new Error('expected an error, but it succeeded');
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.ok(holds(), 'did not come to be within a second');
}

test.run();
