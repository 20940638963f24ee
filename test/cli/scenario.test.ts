import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { viewContainer, viewPod } from '../../cli/output/resource-status.ts';
import { COMMANDS } from '../../cli/command-tree.ts';
import { WORDS_OF_OTHERS } from '../../cli/command-line/words-of-others.ts';
import type { DeleteRequest } from '../../cli/api/service.ts';
import { loadManifests, ManifestError } from '../../schemas/index.ts';
import type { ManifestProblem } from '../../schemas/index.ts';
import { DONE, FakeService } from './support/fake-service.ts';
import { ago, containerRecord, memberRecord, MINUTE, NOW, podRecord, SPEC } from './support/records.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { typeCommand } from './support/type-command.ts';

const web = { kind: 'Container', name: 'web' } as const;
const cache = { kind: 'Container', name: 'cache' } as const;

function hostWithThree(): FakeService {
  const service = new FakeService();
  service.views = [
    viewContainer(containerRecord('web'), NOW),
    viewContainer(
      containerRecord('job', {
        state: 'Exited',
        pid: null,
        ready: false,
        exit: { code: 1, finishedAt: ago(MINUTE), oomKilled: false },
        restartCount: 2,
        failuresInRow: 2,
        backoffUntil: new Date(NOW + 12_000).toISOString(),
        createdAt: ago(5 * MINUTE),
      }),
      NOW,
    ),
    viewPod(podRecord('db', ['server']), [memberRecord('db', 'server')], NOW),
  ];
  return service;
}

test('tsctr get', async () => {
  const { code, out, err } = await typeCommand(hostWithThree(), ['get']);
  assert.is(
    out,
    [
      'KIND       NAME  STATE       READY  RESTARTS  AGE  NOTE',
      'Container  web   Running     1/1    0         3m',
      'Container  job   Exited (1)  0/1    2         5m   back-off, next try in 12 s',
      'Pod        db    Running     1/1    0         60m',
      '',
    ].join('\n'),
  );
  assert.is(err, '');
  assert.is(code, 0);
});

test('tsctr get -o yaml and json print what can be applied', async () => {
  for (const format of ['yaml', 'json']) {
    const { out } = await typeCommand(hostWithThree(), ['get', '-o', format]);
    const { manifests, problems } = loadManifests(out, `got.${format}`);
    assert.equal(problems, [], format);
    assert.equal(
      manifests.map(({ manifest }) => `${manifest.kind}/${manifest.metadata.name}`),
      ['Container/web', 'Container/job', 'Pod/db'],
    );
  }
});

test('tsctr get closes the service', async () => {
  const service = hostWithThree();
  await typeCommand(service, ['get']);
  assert.ok(service.isClosed);
});

test('tsctr get -o wide', async () => {
  const { out } = await typeCommand(hostWithThree(), ['get', 'web', '-o', 'wide']);
  assert.is(
    out,
    [
      'KIND       NAME  STATE    READY  RESTARTS  AGE  PID   ID            IMAGE             SOURCE               NOTE',
      'Container  web   Running  1/1    0         3m   4242  ab12cd34ab12  localhost/demo:1  apply:/srv/web.yaml',
      '',
    ].join('\n'),
  );
});

test('tsctr get takes names as kubectl does, and bare ones', async () => {
  const named = async (...args: string[]): Promise<string> =>
    (await typeCommand(hostWithThree(), ['get', '-o', 'name', ...args])).out.trim().replaceAll('\n', ' ');
  assert.is(await named(), 'container/web container/job pod/db');
  assert.is(await named('containers'), 'container/web container/job');
  assert.is(await named('pod,container'), 'container/web container/job pod/db');
  assert.is(await named('container', 'job', 'web'), 'container/job container/web');
  assert.is(await named('pod/db', 'web'), 'pod/db container/web');
  assert.is(await named('db'), 'pod/db');
  assert.is(await named('-l', 'app in (job, x)'), 'container/job');
  assert.is(await named('-l', 'tier=data'), 'pod/db');
});

test('tsctr get of what is not there says what is near', async () => {
  const { code, out, err } = await typeCommand(hostWithThree(), ['get', 'container', 'wep']);
  assert.is(out, '');
  assert.is(err, 'error: container/wep: not found\n  → did you mean container/web?\n');
  assert.is(code, 1);
  const member = await typeCommand(hostWithThree(), ['describe', 'container/db.server']);
  assert.is(
    member.err,
    'error: container/db.server: not found\n  → it is of pod/db: say that, with -c server where a command takes it\n',
  );
});

test('tsctr get of a name that two kinds have asks which', async () => {
  const service = hostWithThree();
  service.views.push(viewContainer(containerRecord('db'), NOW));
  const { code, err } = await typeCommand(service, ['get', 'db']);
  assert.is(err, "error: 'db' is the name of several resources\n  → say pod/db or container/db\n");
  assert.is(code, 1);
});

test('tsctr get on an empty host says how to begin, on standard error', async () => {
  const { code, out, err } = await typeCommand(new FakeService(), ['get']);
  assert.is(out, '');
  assert.is(err, 'nothing is here; make something with: tsctr apply -f <file>\n');
  assert.is(code, 0);
});

test('tsctr get -w goes on with each change, without heading, until Ctrl-C', async () => {
  const service = hostWithThree();
  service.views = service.views.slice(0, 1);
  const end = new AbortController();
  let changed = false;
  const { code, out } = await typeCommand(service, ['get', 'container', '-w'], {
    signal: end.signal,
    onOut: (text) => {
      if (text.includes('Gone')) end.abort();
      else if (!changed) {
        changed = true;
        setTimeout(() => {
          service.change(viewPod(podRecord('db', ['server']), [], NOW));
          service.change(viewContainer(containerRecord('web', { state: 'Paused' }), NOW));
          service.change(viewContainer(containerRecord('web'), NOW), true);
        }, 5);
      }
    },
  });
  assert.is(
    out,
    [
      'KIND       NAME  STATE    READY  RESTARTS  AGE  NOTE',
      'Container  web   Running  1/1    0         3m',
      'Container  web   Paused   1/1    0         3m',
      'Container  web   Gone     1/1    0         3m',
      '',
    ].join('\n'),
  );
  assert.is(code, 130);
});

test('tsctr apply tells each step and closes with the count', async () => {
  const service = new FakeService();
  service.events = [
    { resource: web, what: 'progress', detail: '1 of 2 layers' },
    { resource: web, what: 'created', detail: 'image localhost/demo:1, network none' },
    { resource: web, what: 'running', detail: 'pid 4242 after 61 ms' },
    { resource: cache, what: 'unchanged', detail: '' },
  ];
  service.summary = { ...DONE, unchanged: 1 };
  const { code, out, err } = await typeCommand(service, ['apply', '-f', '-', '--wait'], { input: 'text' });
  assert.is(
    out,
    [
      'container/web     created    image localhost/demo:1, network none',
      'container/web     running    pid 4242 after 61 ms',
      'container/cache   unchanged',
      '1 changed, 1 unchanged',
      '',
    ].join('\n'),
  );
  assert.is(err, '');
  assert.is(code, 0);
  assert.equal(service.calls, [
    {
      method: 'apply',
      request: { files: [{ file: '-', path: '-', text: 'text' }], prune: false, waitMs: 30_000 },
    },
  ]);
});

test('tsctr apply reads files and directories, and hands over absolute paths', async () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'm', 'below'), { recursive: true });
  for (const name of ['m/b.yaml', 'm/a.yml', 'm/notes.txt', 'm/below/c.yaml', 'one.yaml']) {
    writeFileSync(join(directory, name), name);
  }
  const filesOf = async (...args: string[]): Promise<unknown> => {
    const service = new FakeService();
    await typeCommand(service, ['apply', ...args], { cwd: directory });
    return (service.calls[0]?.request as { files: { file: string; path: string }[] }).files.map((f) => [
      f.file,
      f.path.slice(directory.length),
    ]);
  };
  assert.equal(await filesOf('-f', 'one.yaml', '-f', 'm/'), [
    ['one.yaml', '/one.yaml'],
    ['m/a.yml', '/m/a.yml'],
    ['m/b.yaml', '/m/b.yaml'],
  ]);
  assert.equal(await filesOf('-R', '-f', 'm'), [
    ['m/a.yml', '/m/a.yml'],
    ['m/b.yaml', '/m/b.yaml'],
    ['m/below/c.yaml', '/m/below/c.yaml'],
  ]);
});

test('tsctr apply: how long it waits', async () => {
  const waitOf = async (...args: string[]): Promise<unknown> => {
    const service = new FakeService();
    await typeCommand(service, ['apply', '-f', '-', ...args]);
    return (service.calls[0]?.request as { waitMs: number | null }).waitMs;
  };
  assert.is(await waitOf(), null);
  assert.is(await waitOf('--wait'), 30_000);
  assert.is(await waitOf('--wait=2m'), 120_000);
  assert.is(await waitOf('--wait', '--timeout', '5s'), 5000);
});

test('tsctr apply: exit codes tell failed, bad and late apart', async () => {
  const codeOf = async (summary: Partial<typeof DONE>): Promise<number> => {
    const service = new FakeService();
    service.summary = { ...DONE, ...summary };
    return (await typeCommand(service, ['apply', '-f', '-', '--wait'])).code;
  };
  assert.is(await codeOf({}), 0);
  assert.is(await codeOf({ failed: 1 }), 1);
  assert.is(await codeOf({ timedOut: true }), 3);
  assert.is(await codeOf({ failed: 1, timedOut: true }), 1);
  assert.is(await codeOf({ problems: [PROBLEM] }), 2);
});

const PROBLEM: ManifestProblem = {
  file: 'bad.yaml',
  line: 7,
  column: 3,
  length: 6,
  field: 'spec.comand',
  message: 'unknown field, did you mean `command`?',
  code: 'unknown-field',
  excerpt: '    6 |   image: localhost/demo:1\n    7 |   comand: [sh]\n      |   ^^^^^^',
};

test('tsctr apply of a bad manifest shows the place, and that nothing was changed', async () => {
  const expected = [
    'bad.yaml:7:3: spec.comand: unknown field, did you mean `command`?',
    '    6 |   image: localhost/demo:1',
    '    7 |   comand: [sh]',
    '      |   ^^^^^^',
    '1 error, nothing was changed',
    '',
  ].join('\n');
  const service = new FakeService();
  service.summary = { changed: 0, unchanged: 0, failed: 0, timedOut: false, problems: [PROBLEM] };
  const refused = await typeCommand(service, ['apply', '-f', '-']);
  assert.equal(refused, { code: 2, out: '', err: expected });
  service.error = new ManifestError([PROBLEM]);
  assert.equal(await typeCommand(service, ['apply', '-f', '-', '--dry-run']), {
    code: 2,
    out: '',
    err: expected,
  });
});

test('tsctr apply -o json names every resource touched, and errors are JSON too', async () => {
  const service = new FakeService();
  service.events = [{ resource: web, what: 'created', detail: 'x' }];
  const { out } = await typeCommand(service, ['apply', '-f', '-', '-o', 'json']);
  assert.equal(JSON.parse(out), { kind: 'ApplyResult', events: service.events, ...DONE });

  service.error = new ManifestError([PROBLEM]);
  const bad = await typeCommand(service, ['apply', '-f', '-', '-o', 'json']);
  assert.is(bad.out, '');
  assert.equal(JSON.parse(bad.err), {
    error: {
      code: 'BAD_MANIFEST',
      message: 'bad.yaml:7:3: spec.comand: unknown field, did you mean `command`?',
      hint: null,
      exitCode: 2,
      problems: [PROBLEM],
    },
  });
});

test('tsctr diff prints the plan, changes nothing, and exits 4', async () => {
  const service = new FakeService();
  service.changes = [
    {
      resource: web,
      action: 'restart',
      reasons: ['spec.env[LOG_LEVEL]: info → debug', 'spec.args: changed'],
    },
    {
      resource: { kind: 'Container', name: 'api' },
      action: 'in place',
      reasons: ['spec.resources.limits.memory: 64Mi → 128Mi'],
    },
    { resource: { kind: 'Container', name: 'old' }, action: 'remove', reasons: ['no longer in web.yaml'] },
  ];
  const { code, out } = await typeCommand(service, ['diff', '-f', '-']);
  assert.is(
    out,
    [
      'container/web   restart   spec.env[LOG_LEVEL]: info → debug',
      '                          spec.args: changed',
      'container/api   in place  spec.resources.limits.memory: 64Mi → 128Mi',
      'container/old   remove    no longer in web.yaml',
      '3 would change, 0 unchanged',
      '',
    ].join('\n'),
  );
  assert.is(code, 4);
  const dry = await typeCommand(service, ['apply', '-f', '-', '--dry-run', '-o', 'json']);
  assert.is(dry.code, 4);
  assert.equal(JSON.parse(dry.out), { kind: 'Plan', changes: service.changes, wouldChange: true });
  assert.equal(
    service.calls.map(({ method }) => method),
    ['plan', 'plan'],
  );
});

test('tsctr diff exits 0 when nothing would change, and says why', async () => {
  const service = new FakeService();
  service.changes = [{ resource: web, action: 'none', reasons: ['as wished'] }];
  const { code, out } = await typeCommand(service, ['diff', '-f', '-']);
  assert.is(out, 'container/web   unchanged  as wished\n0 would change, 1 unchanged\n');
  assert.is(code, 0);
});

test('tsctr delete by name, by file, and of what is not there', async () => {
  const service = hostWithThree();
  service.events = [{ resource: web, what: 'removed', detail: '' }];
  const byName = await typeCommand(service, ['delete', 'web', 'pod/db', '--force']);
  assert.is(byName.out, 'container/web     removed\n1 changed, 0 unchanged\n');
  assert.equal(service.calls.at(-1)?.request, {
    names: [web, { kind: 'Pod', name: 'db' }],
    ignoreMissing: false,
    force: true,
    data: [],
  });

  const manifest =
    'apiVersion: tsctr.dev/v1\nkind: Container\nmetadata: {name: gone}\nspec: {image: "demo:1"}\n';
  await typeCommand(service, ['delete', '-f', '-'], { input: manifest });
  assert.equal(service.calls.at(-1)?.request, {
    names: [{ kind: 'Container', name: 'gone' }],
    ignoreMissing: true,
    force: false,
    data: [],
  });

  assert.is((await typeCommand(service, ['delete', 'absent'])).code, 1);
  assert.is((await typeCommand(service, ['delete', 'absent', '--ignore-not-found'])).code, 0);
});

test('tsctr delete refuses to guess', async () => {
  const service = hostWithThree();
  assert.is(
    (await typeCommand(service, ['delete'])).err,
    'error: delete: nothing was named\n  → name resources, or files with -f\n',
  );
  const kind = await typeCommand(service, ['delete', 'pods']);
  assert.is(kind.code, 2);
  assert.match(kind.err, 'name one, or say --all');
  const volumes = await typeCommand(service, ['delete', 'volumes']);
  assert.equal([volumes.code, volumes.err], [2, kind.err.replace('pods', 'volumes')]);
  for (const mixed of [
    ['web', '--all'],
    ['volume', 'data', '--all'],
  ]) {
    const { code, err } = await typeCommand(service, ['delete', ...mixed]);
    assert.equal([code, err], [2, 'error: delete: names and --all cannot be mixed\n']);
  }
  assert.equal(service.calls, []);
});

test('tsctr delete --all: of a kind, or all containers and pods, and no data with them', async () => {
  const service = hostWithThree();
  const deleted = async (...args: string[]): Promise<string[]> => {
    assert.is((await typeCommand(service, ['delete', ...args, '--all'])).code, 0);
    const { names, data = [] } = service.calls.at(-1)?.request as DeleteRequest;
    return [...names, ...data].map(({ kind, name }) => `${kind}/${name}`);
  };
  assert.equal(await deleted('volumes'), ['Volume/data']);
  assert.equal(await deleted('pods'), ['Pod/db']);
  assert.not((await deleted()).includes('Volume/data'));
});

test('tsctr delete --timeout exits 3 when it is not gone in time', async () => {
  const service = hostWithThree();
  service.hold = (signal) =>
    new Promise((_, reject) => {
      const keepAlive = setTimeout(() => undefined, 10_000);
      signal?.addEventListener('abort', () => {
        clearTimeout(keepAlive);
        reject(signal.reason as Error);
      });
    });
  const { code, err } = await typeCommand(service, ['delete', 'web', '--timeout', '20ms']);
  assert.is(code, 3);
  assert.is(err, 'not gone after 20ms; see: tsctr get\n');
});

test('tsctr stop, kill: what they ask for', async () => {
  const service = hostWithThree();
  await typeCommand(service, ['stop', 'container', 'web', 'job', '--timeout', '5s']);
  await typeCommand(service, ['kill', '-s', 'HUP', 'db']);
  assert.equal(
    service.calls.filter(({ method }) => method === 'act').map(({ request }) => request),
    [
      { verb: 'stop', names: [web, { kind: 'Container', name: 'job' }], signal: null, timeoutMs: 5000 },
      { verb: 'kill', names: [{ kind: 'Pod', name: 'db' }], signal: 'HUP', timeoutMs: null },
    ],
  );
});

test('tsctr describe shows a container on a page', async () => {
  const service = new FakeService();
  const spec = { ...SPEC, command: ['sh', '-c', "echo 'hi'"] };
  const record = containerRecord('web', { lastError: 'probe failed\nwith \u001b[31mcolour' });
  if (record.request !== null) record.request.spec = spec;
  service.views = [viewContainer(record, NOW)];
  const { out } = await typeCommand(service, ['describe', 'web']);
  assert.match(out, /^Name: {13}web$/m);
  assert.match(out, /^State: {12}Running$/m);
  assert.match(out, /^Started: {10}2026-03-01T11:57:00.000Z \(3m ago\)$/m);
  assert.match(out, /^Command: {10}sh -c 'echo '\\''hi'\\'''$/m);
  assert.match(out, /^Last error: {7}probe failed; with \\x1b\[31mcolour$/m);
  assert.match(out, /^ {2}AsWished {2}False {3}Failed/m);
});

test('tsctr describe ends with what has happened last', async () => {
  const root = temporaryDirectory();
  const event = {
    time: ago(MINUTE),
    type: 'died',
    resource: web,
    id: null,
    attributes: { exitCode: '1', message: 'two words' },
  };
  writeFileSync(join(root, 'events.jsonl'), `${JSON.stringify(event)}\n`);
  const { out } = await typeCommand(hostWithThree(), ['--root', root, 'describe', 'web']);
  assert.is(
    out.slice(out.indexOf('Events:')),
    'Events:\n  AGE  TYPE  DETAIL\n  60s  died  exitCode=1 message="two words"\n',
  );
});

test('tsctr describe shows a pod with its containers', async () => {
  const { out } = await typeCommand(hostWithThree(), ['describe', 'pod', 'db']);
  assert.match(out, /^Containers:\n {2}server:\n {4}State: {8}Running$/m);
  assert.match(out, /^ {2}ContainersReady {2}True/m);
});

test('tsctr image list and pull', async () => {
  const service = new FakeService();
  const list = await typeCommand(service, ['image', 'list']);
  assert.is(
    list.out,
    [
      'NAME              ID            SIZE     LAYERS  AGE',
      'localhost/demo:1  0f0f0f0f0f0f  1.1 MiB  2       24h',
      '',
    ].join('\n'),
  );
  const pull = await typeCommand(service, ['image', 'pull', 'demo:1', '--policy', 'IfNotPresent']);
  assert.is(pull.out, `sha256:${'0f'.repeat(32)}\n`);
  assert.is(pull.err, 'demo:1  fetching\ndemo:1  done\n');
  assert.equal(service.calls.at(-1)?.request, { reference: 'demo:1', policy: 'IfNotPresent' });
});

test('tsctr image import makes paths absolute and refuses a source without transport', async () => {
  const service = new FakeService();
  await typeCommand(service, ['image', 'import', 'oci-archive:a.tar', 'localhost/a:1'], { cwd: '/srv' });
  assert.equal(service.calls.at(-1)?.request, { source: 'oci-archive:/srv/a.tar', name: 'localhost/a:1' });
  assert.is((await typeCommand(service, ['image', 'import', 'a.tar'])).code, 2);
});

test('tsctr image inspect of what is not there', async () => {
  const { code, err } = await typeCommand(new FakeService(), ['image', 'inspect', 'absent']);
  assert.is(code, 1);
  assert.is(err, 'error: image absent: not found\n  → see what is there with: tsctr image list\n');
});

test('a command that podman, docker or kubectl have by another name says which one it is here', async () => {
  const hintAt = async (...args: string[]): Promise<string> => {
    const { code, err } = await typeCommand(new FakeService(), args);
    assert.is(code, 2);
    return err;
  };
  assert.is(await hintAt('ps', '-a'), "error: unknown command 'ps'\n  → use: tsctr get\n");
  assert.is(
    await hintAt('--root', '/x', 'rm', '-f', 'web'),
    "error: unknown command 'rm'\n  → use: tsctr delete <name>\n",
  );
  assert.is(
    await hintAt('unpause', 'web'),
    "error: unknown command 'unpause'\n  → use: tsctr resume <name>\n",
    'a name that is only spelt alike is not offered beside it',
  );
  assert.is(
    await hintAt('container', 'rm', 'web'),
    "error: unknown command 'container'\n  → use: tsctr delete <name>\n",
  );
  assert.match(await hintAt('run', 'alpine'), /→ use: tsctr apply -f <file>, with a manifest of it/);
  assert.match(await hintAt('image', 'ls'), /→ use: tsctr image list\n/);
  const { err } = await typeCommand(new FakeService(), ['ps', '-o', 'json']);
  assert.match(err, /"hint":"use: tsctr get"/);
});

test('what stands for the commands of others are commands of tsctr, which has none of their names', () => {
  const namesAt = (words: readonly string[]): readonly string[] => {
    let nodes = COMMANDS;
    for (const word of words) nodes = nodes.find(({ name }) => name === word)?.children ?? [];
    return nodes.map(({ name }) => name);
  };
  for (const [words, use] of WORDS_OF_OTHERS) {
    const [first = '', second = ''] = words.split(' ');
    const isCommand = namesAt([]).includes(first) && (second === '' || namesAt([first]).includes(second));
    assert.not.ok(isCommand, words);
    const offered = [...use.matchAll(/tsctr (\S+) ?(\S*)/g)];
    assert.ok(offered.length > 0 || use.startsWith('skopeo login'), use);
    for (const [, command = '', child = ''] of offered) {
      assert.ok(namesAt([]).includes(command), use);
      if (['image', 'volume'].includes(command)) assert.ok(namesAt([command]).includes(child), use);
    }
  }
});

test('a misspelt command, a misspelt option, a missing argument', async () => {
  const service = new FakeService();
  const typed = async (...args: string[]): Promise<[number, string]> => {
    const { code, err } = await typeCommand(service, args);
    return [code, err];
  };
  assert.equal(await typed('aply'), [
    2,
    "error: unknown command 'aply'; did you mean apply?\n  → see: tsctr --help\n",
  ]);
  assert.equal(await typed('get', '--wach'), [
    2,
    "error: unknown option '--wach'; did you mean --watch?\n  → see: tsctr get --help\n",
  ]);
  assert.equal(await typed('image', 'inspect'), [
    2,
    "error: missing required argument 'reference'\n  → see: tsctr image inspect --help\n",
  ]);
  assert.equal(await typed('get', '-o', 'xml'), [
    2,
    'error: -o xml: this command prints text, wide, json, yaml, name\n',
  ]);
  assert.equal(await typed('apply', '-f', '/nowhere/at-all.yaml'), [
    2,
    'error: /nowhere/at-all.yaml: no such file or directory\n',
  ]);
});

test('help names every command, its options and the exit codes', async () => {
  const service = new FakeService();
  const { code, out } = await typeCommand(service, ['--help']);
  assert.is(code, 0);
  assert.match(out, /^ {2}apply .*Make the host as the manifests say$/m);
  assert.match(out, /^ {2}4 +would change/m);
  assert.not.match(out, 'cleanup');
  for (const args of [
    ['help', 'get'],
    ['get', '--help'],
  ]) {
    const help = await typeCommand(service, args);
    assert.match(help.out, '-w, --watch');
    assert.match(help.out, '--root <directory>');
  }
});

test('errors say what to do next, and are printed once', async () => {
  const service = new FakeService();
  const fail = async (error: Error): Promise<string> => {
    service.error = error;
    return (await typeCommand(service, ['get'])).err;
  };
  const locked = Object.assign(new Error('lock /r: another tsctr (pid 7) is at work'), {
    code: 'LOCKED',
    hint: 'wait for it to end, or use another --root',
  });
  assert.is(
    await fail(locked),
    'error: lock /r: another tsctr (pid 7) is at work\n  → wait for it to end, or use another --root\n',
  );
  const full = Object.assign(new Error('write /r/db/x: ENOSPC'), { code: 'ENOSPC' });
  assert.is(
    await fail(full),
    'error: write /r/db/x: ENOSPC\n  → free some space, for instance with: tsctr image prune\n',
  );
  const deep = new Error('Create container/web', { cause: new Error('fsmount: EINVAL') });
  assert.is(await fail(deep), 'error: create container/web: fsmount: EINVAL\n');
});

test('colour goes to terminals only, and not when it is unwanted', async () => {
  const escapes = async (options: object, ...args: string[]): Promise<boolean> =>
    (await typeCommand(hostWithThree(), ['get', ...args], options)).out.includes('\u001b[');
  assert.ok(await escapes({ terminal: true }));
  assert.not.ok(await escapes({}));
  assert.not.ok(await escapes({ terminal: true, env: { NO_COLOR: '1' } }));
  assert.not.ok(await escapes({ terminal: true }, '--no-color'));
});

test('a long note is cut to the width of the terminal, and only there', async () => {
  const service = new FakeService();
  service.views = [viewContainer(containerRecord('web', { lastError: 'x'.repeat(200) }), NOW)];
  const shown = await typeCommand(service, ['get', '--no-color'], { terminal: true });
  const line = shown.out.split('\n')[1] ?? '';
  assert.is(line.length, 80);
  assert.ok(line.endsWith('x…'));
  assert.match((await typeCommand(service, ['get'])).out, 'x'.repeat(200));
});

test('roots come from options, then from the environment', async () => {
  const rootsOf = async (args: string[], env: Record<string, string>): Promise<unknown> => {
    let opened: unknown = null;
    await typeCommand(new FakeService(), [...args, 'get'], {
      env,
      cwd: '/srv',
      wiring: {
        openService: (options) => {
          opened = options;
          return Promise.resolve(new FakeService());
        },
      },
    });
    return opened;
  };
  const defaults = { root: '/var/lib/tsctr', run: '/run/tsctr', config: '/etc/tsctr/config.yaml' };
  assert.equal(await rootsOf([], {}), defaults);
  const env = { TSCTR_ROOT: '/e/root', TSCTR_RUN: '/e/run' };
  assert.equal(await rootsOf([], env), { ...defaults, root: '/e/root', run: '/e/run' });
  assert.equal(await rootsOf(['--root', 'r/../x'], env), { ...defaults, root: '/srv/x', run: '/e/run' });
});

test('tsctr cleanup hands the id on, and refuses what is none', async () => {
  const cleaned: unknown[] = [];
  const wiring = {
    cleanupContainer: (options: unknown, id: string | null) => {
      cleaned.push(id);
      return Promise.resolve();
    },
  };
  const id = 'ab12cd34'.repeat(8);
  const { code } = await typeCommand(new FakeService(), ['--root', '/r', '--run', '/x', 'cleanup', id], {
    wiring,
  });
  assert.is(code, 0);
  assert.equal(cleaned, [id]);
  assert.is((await typeCommand(new FakeService(), ['cleanup', '../etc'], { wiring })).code, 2);
  assert.is(cleaned.length, 1);
  assert.is((await typeCommand(new FakeService(), ['cleanup'], { wiring })).code, 0);
  assert.equal(cleaned, [id, null]);
});

test('tsctr validate prints a line for each error, and needs no service', async () => {
  const wiring = { openService: () => Promise.reject(new Error('must not be opened')) };
  const good = 'apiVersion: tsctr.dev/v1\nkind: Container\nmetadata: {name: web}\nspec: {image: "demo:1"}\n';
  const valid = await typeCommand(new FakeService(), ['validate', '-f', '-'], { wiring, input: good });
  assert.equal(valid, { code: 0, out: '', err: '1 manifest is valid\n' });
  const bad = good.replace('image', 'imagee');
  const refused = await typeCommand(new FakeService(), ['validate', '-f', '-'], { wiring, input: bad });
  assert.is(refused.code, 2);
  assert.match(refused.out, /^-:4:8: spec\.imagee: .*`image`/m);
  const json = await typeCommand(new FakeService(), ['validate', '-f', '-', '-o', 'json'], {
    wiring,
    input: bad,
  });
  const { problems } = JSON.parse(json.out) as { problems: ManifestProblem[] };
  assert.equal(problems.map(({ line, column, field }) => ({ line, column, field })).slice(0, 1), [
    { line: 4, column: 8, field: 'spec.imagee' },
  ]);
});

test('tsctr explain and schema', async () => {
  const explained = await typeCommand(new FakeService(), ['explain', 'container.spec.restartPolicy']);
  assert.match(explained.out, 'container.spec.restartPolicy  <string>');
  assert.match(explained.out, 'One of: Always, OnFailure, Never, UnlessStopped');
  assert.is((await typeCommand(new FakeService(), ['explain', 'container.spec.imag'])).code, 2);
  const schema = await typeCommand(new FakeService(), ['schema', 'pod']);
  assert.is((JSON.parse(schema.out) as { title: string }).title, 'Pod of tsctr');
  assert.is((await typeCommand(new FakeService(), ['schema', 'job'])).code, 2);
});

test.run();
