import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { claim } from '../support/container-output.ts';
import { hostMount } from '../support/run-to-end.ts';
import { logText, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

const CANARY = 'canary-of-the-host';

/** Leaves a socket behind: it ends without closing it. */
const SOCKET =
  "process.chdir(require('path').dirname(process.argv[1])); require('net').createServer().listen(require('path').basename(process.argv[1]), () => process.kill(process.pid, 'SIGKILL'))";

interface Attack {
  /** Puts the trap into the image, or wherever else the attacker has his hands. */
  lay: (layer: string, outside: string, engine: TestEngine) => void;
  spec: (outside: string) => object;
  script?: string;
  /** What an error has to name, if there is one. */
  names: RegExp;
}

function replace(file: string, lay: (file: string) => void): void {
  rmSync(file, { recursive: true, force: true });
  mkdirSync(path.dirname(file), { recursive: true });
  lay(file);
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  '/etc/passwd is a directory': {
    lay: (layer) => {
      replace(path.join(layer, 'etc/passwd'), (file) => {
        mkdirSync(file);
      });
    },
    spec: () => ({ user: '4242' }),
    names: /\/etc\/passwd/,
  },
  '/etc/passwd is a file of 1 TiB without a line': {
    lay: (layer) => {
      replace(path.join(layer, 'etc/passwd'), (file) => execFileSync('truncate', ['-s', '1T', file]));
    },
    spec: () => ({ user: '4242' }),
    names: /\/etc\/passwd/,
  },
  '/etc/group is a socket': {
    lay: (layer) => {
      replace(path.join(layer, 'etc/group'), (file) => {
        spawnSync(process.execPath, ['-e', SOCKET, file]);
      });
    },
    spec: () => ({ user: '4242:4343' }),
    names: /\/etc\/group/,
  },
  'two links that lead to each other, on the way to the working directory': {
    lay: (layer) => {
      replace(path.join(layer, 'srv/a'), (file) => {
        symlinkSync('b', file);
        symlinkSync('a', path.join(path.dirname(file), 'b'));
      });
    },
    spec: () => ({ workingDir: '/srv/a/deep' }),
    names: /\/srv\/a/,
  },
  'a working directory that goes up beyond the root': {
    lay: (layer, outside) => {
      replace(path.join(layer, 'srv/up'), (file) => {
        symlinkSync(`../../../../../../../..${outside}`, file);
      });
    },
    spec: (outside) => ({ workingDir: `/srv/../../../..${outside}` }),
    names: /working directory/,
  },
  '/run, and so the secrets, leads to the host': {
    lay: (layer, outside) => {
      replace(path.join(layer, 'run'), (file) => {
        symlinkSync(outside, file);
      });
    },
    spec: () => ({ tmpfs: [{ mountPath: '/run/x' }] }),
    names: /\/run/,
  },
  '/dev leads to the host': {
    lay: (layer, outside) => {
      replace(path.join(layer, 'dev'), (file) => {
        symlinkSync(outside, file);
      });
    },
    spec: () => ({}),
    names: /mount \/dev of container .*: a link of the image leads to /,
  },
  '/dev goes up and out': {
    lay: (layer, outside) => {
      replace(path.join(layer, 'dev'), (file) => {
        symlinkSync(`${'../'.repeat(40)}${outside.slice(1)}`, file);
      });
    },
    spec: () => ({ privileged: true }),
    names: /mount \/dev of container/,
  },
  '/sys leads to the host': {
    lay: (layer, outside) => {
      replace(path.join(layer, 'sys'), (file) => {
        symlinkSync(outside, file);
      });
    },
    spec: () => ({}),
    names: /mount \/sys of container/,
  },
  '/proc leads to the host': {
    lay: (layer, outside) => {
      replace(path.join(layer, 'proc'), (file) => {
        symlinkSync(outside, file);
      });
    },
    spec: () => ({}),
    names: /mount \/proc of container/,
  },
  'a volume below a link to /proc/self/root': {
    lay: (layer, outside) => {
      replace(path.join(layer, 'data'), (file) => {
        symlinkSync(`/proc/self/root${outside}`, file);
      });
    },
    spec: () => claim('attacked'),
    names: /\/v|data/,
  },
  '/etc/hosts and /etc/resolv.conf are directories': {
    lay: (layer) => {
      for (const name of ['etc/hosts', 'etc/resolv.conf']) {
        replace(path.join(layer, name), (file) => {
          mkdirSync(file);
        });
      }
    },
    spec: () => ({}),
    names: /\/etc\/(hosts|resolv\.conf)/,
  },
  '/etc/hosts is taken as base, and is a link to the host': {
    lay: (layer, outside) => {
      replace(path.join(layer, 'etc/hosts'), (file) => {
        symlinkSync(path.join(outside, 'file'), file);
      });
    },
    spec: () => ({ baseHostsFile: 'image' }),
    script: 'cat /etc/hosts',
    names: /\/etc\/hosts/,
  },
  '/etc/localtime is a link to the host, with a time zone asked for': {
    lay: (layer, outside) => {
      replace(path.join(layer, 'etc/localtime'), (file) => {
        symlinkSync(path.join(outside, 'file'), file);
      });
    },
    spec: () => ({ timezone: 'local' }),
    names: /\/etc\/localtime/,
  },
  'the program itself is a link to the host': {
    lay: (layer, outside) => {
      writeFileSync(path.join(outside, 'program'), '#!/bin/sh\necho canary-of-the-host\n', { mode: 0o755 });
      replace(path.join(layer, 'bin/evil'), (file) => {
        symlinkSync(path.join(outside, 'program'), file);
      });
    },
    spec: () => ({ command: ['/bin/evil'], args: [] }),
    names: /evil/,
  },
  'a host mount whose place is a link that dangles into the host': {
    lay: (layer, outside) => {
      replace(path.join(layer, 'data'), (file) => {
        symlinkSync(path.join(outside, 'made/by/us'), file);
      });
    },
    spec: () => hostMount('/usr/share', '/data'),
    names: /\/data/,
  },
};

for (const [what, attack] of Object.entries(ATTACKS)) {
  test(`[spec.user.lookup] [workdir.create] [files.hosts] a hostile image: ${what}`, async () => {
    await withEngine(async (engine) => {
      const outside = path.join(engine.directory, 'outside');
      mkdirSync(outside);
      writeFileSync(path.join(outside, 'file'), `10.9.9.9 ${CANARY}\n`);
      attack.lay(engine.layer, outside, engine);
      const before = stateOf(outside);
      const { script = 'cat /etc/passwd /etc/hosts /etc/localtime 2>/dev/null | head -c 5000; pwd' } = attack;
      const request = engine.request(script, attack.spec(outside));
      const begun = performance.now();
      const result = await run(engine, request).catch((error: unknown) => error as Error);
      assert.ok(performance.now() - begun < 60_000, 'it does not take for ever');
      assert.equal(stateOf(outside), before, 'nothing outside was written');
      if (result instanceof Error) {
        assert.match(result.message, attack.names, 'the error names the path');
        assert.not.match(result.message, CANARY);
      } else assert.not.match(result, CANARY, 'nothing outside was read');
    });
  });
}

test('[volume.subpath] a subPath that a container changes into a link while another one is made leads nowhere outside', async () => {
  await withEngine(async (engine) => {
    const outside = path.join(engine.directory, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'file'), CANARY);
    const before = stateOf(outside);
    const volume = path.join(engine.parts.paths.volumes, 'shared', '_data');
    mkdirSync(path.join(volume, 'real'), { recursive: true });
    symlinkSync(outside, path.join(volume, 'trap'));
    mkdirSync(path.join(volume, 'sub'));
    // What a container with the whole volume can do at any moment: exchange the directory and the link.
    const swap = { isOn: true };
    const swapping = (async (): Promise<void> => {
      while (swap.isOn) {
        renameSync(path.join(volume, 'sub'), path.join(volume, 'aside'));
        renameSync(path.join(volume, 'trap'), path.join(volume, 'sub'));
        await new Promise((resolve) => setImmediate(resolve));
        renameSync(path.join(volume, 'sub'), path.join(volume, 'trap'));
        renameSync(path.join(volume, 'aside'), path.join(volume, 'sub'));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    try {
      for (let i = 0; i < 6; i += 1) {
        const request = engine.request('cat /v/file; ls -a /v', claim('shared', { subPath: 'sub' }));
        const result = await run(engine, request).catch((error: unknown) => error as Error);
        if (result instanceof Error) assert.match(result.message, /sub/);
        else assert.not.match(result, CANARY);
      }
    } finally {
      swap.isOn = false;
      await swapping;
    }
    assert.equal(stateOf(outside), before);
  });
});

async function run(
  { containers }: TestEngine,
  request: Parameters<TestEngine['containers']['create']>[0],
): Promise<string> {
  const signal = AbortSignal.timeout(50_000);
  await containers.create(request, { signal });
  await containers.start(request);
  await containers.waitExit(request, { signal });
  return logText(readFileSync(containers.logPaths(request).current, 'utf8'));
}

function stateOf(directory: string): string {
  return execFileSync('find', [directory, '-printf', '%P %y %m %U %G %T@ %C@ %s\\n'], { encoding: 'utf8' })
    .split('\n')
    .sort()
    .join('\n');
}

test.run();
