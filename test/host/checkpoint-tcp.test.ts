import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CriuError } from '../../engine/criu/criu-error.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { currentLog, inside, missingForSockets, startReady } from '../support/checkpoint-host.ts';
import { rejectionOf } from '../support/rejection.ts';
import { testUnless } from '../support/skip.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { withPod } from '../support/test-pod.ts';
import type { TestPod } from '../support/test-pod.ts';
import { until } from '../support/until.ts';

const onHost = testUnless(test, await missingForSockets());

/** Numbers the lines of each connection for itself, and waits for the next connection beside. */
const serverScript = (port: number): string =>
  `nc -ll -p ${port} -e sh -c 'i=0; while read l; do i=$((i+1)); echo $i $l; done' & echo ready; wait`;

function tryToConnect(address: string, port: number): Promise<net.Socket | null> {
  return new Promise((resolve) => {
    const attempt = net.connect(port, address);
    attempt.once('connect', () => {
      resolve(attempt);
    });
    attempt.once('error', () => {
      resolve(null);
    });
  });
}

/** One connection, and a question at a time. */
async function connect(address: string, port: number) {
  const socket = await until(() => tryToConnect(address, port), { what: `${address}:${port} listens` });
  const errors: Error[] = [];
  connected.push(socket);
  socket.on('error', (error) => errors.push(error));
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const result: IteratorResult<string, undefined> = await lines.next();
    return result.value ?? 'end';
  };
  return {
    socket,
    errors,
    say: (text: string) => socket.write(`${text}\n`),
    next,
    async ask(text: string) {
      socket.write(`${text}\n`);
      return await next();
    },
  };
}

/** Sockets of tests that may fail before they end them. */
const connected: net.Socket[] = [];
test.after.each(() => {
  for (const socket of connected.splice(0)) socket.destroy();
});

/** What CRIU's refusal comes from, in one word. */
function causeOf(refused: unknown): string {
  return refused instanceof CriuError ? (refused.explanation?.cause ?? refused.message) : String(refused);
}

/** A port that nobody has at the moment. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

onHost(
  '[criu.options] a client of a container with the host network stays connected, also where only another try may keep it',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const port = await freePort();
      const request = engine.request(serverScript(port), { network: 'host' });
      await startReady(engine, request);
      const client = await connect('127.0.0.1', port);
      try {
        assert.is(await client.ask('one'), '1 one');

        const refused = await rejectionOf(containers.checkpoint(request, { then: 'stop' }));
        assert.is(causeOf(refused), 'tcp-established');
        assert.is(await client.ask('two'), '2 two', 'it was not harmed');

        for (let round = 0; round < 2; round++) {
          const { retries } = await containers.checkpoint(request, {
            then: 'stop',
            ...(round === 0 ? { retryWith: ['tcpEstablished'] } : { allowances: { tcpEstablished: true } }),
          });
          assert.equal(retries, round === 0 ? [{ cause: 'tcp-established', with: ['tcpEstablished'] }] : []);
          await containers.cleanup(request);
          client.say(`away ${round}`);
          await containers.restore(request);
          assert.is(await client.next(), `${3 + 2 * round} away ${round}`);
          assert.is(await client.ask('back'), `${4 + 2 * round} back`);
        }
        const other = await connect('127.0.0.1', port);
        assert.is(await other.ask('new'), '1 new', 'it still listens');
        other.socket.destroy();
        assert.equal(client.errors, []);
      } finally {
        client.socket.destroy();
      }
    });
  },
);
/** A lock by nftables is the first that is tried where nft(8) is; only a kernel without nf_tables refuses it. */
function missingForAnotherLock(): string | null {
  const { error, status } = spawnSync('nft', ['list', 'tables']);
  if (error !== undefined) return 'there is no nft(8): connections are locked by iptables in the first try';
  return status === 0 ? 'the kernel has nf_tables: no lock fails here' : null;
}

testUnless(test, (await missingForSockets()) ?? missingForAnotherLock())(
  '[criu.options] where connections cannot be locked by nftables, another try does so by iptables',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const port = await freePort();
      const request = engine.request(serverScript(port), { network: 'host' });
      await startReady(engine, request);
      const client = await connect('127.0.0.1', port);
      assert.is(await client.ask('one'), '1 one');
      const allowances = { tcpEstablished: true };
      const { retries } = await containers.checkpoint(request, { then: 'stop', allowances });
      assert.equal(retries, [{ cause: 'network-lock', with: ['networkLock'] }]);
      await containers.cleanup(request);
      await containers.restore(request);
      assert.is(await client.ask('two'), '2 two');
    });
  },
);

onHost(
  '[criu.options] [restore.pod] [restore.network] a client of a pod stays connected while a member is away',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      await withPodNetwork(engine, async ({ member, address }) => {
        const request = engine.request(serverScript(80), {}, member('server'));
        await startReady(engine, request);
        const client = await connect(address, 80);
        try {
          assert.is(await client.ask('one'), '1 one');
          const addresses = await inside(engine, request, 'ip -o link; ip -o -4 address');
          assert.ok(addresses.includes(address));
          await containers.checkpoint(request, { then: 'stop', allowances: { tcpEstablished: true } });
          await containers.cleanup(request);
          client.say('away');
          await containers.restore(request);
          assert.is(await client.next(), '2 away');
          assert.is(await client.ask('back'), '3 back');
          assert.is(
            await inside(engine, request, 'ip -o link; ip -o -4 address'),
            addresses,
            'IP and MAC are the same',
          );
          const other = await connect(address, 80);
          assert.is(await other.ask('new'), '1 new', 'the network is not locked any more');
          other.socket.destroy();
        } finally {
          client.socket.destroy();
          await containers.remove(request);
        }
      });
    });
  },
);

/** What CRIU has locked in a network namespace; null: the host's. */
function locksIn(namespace: string | null): string[] {
  const inNamespace = (program: string, ...args: string[]): string => {
    const enter = namespace === null ? [] : [`--net=${namespace}`];
    return spawnSync('nsenter', [...enter, program, ...args], { encoding: 'utf8' }).stdout;
  };
  return [
    ...(inNamespace('nft', 'list', 'tables').match(/CRIU-\S+/g) ?? []),
    ...(inNamespace('iptables', '-w', '-S').match(/^.*(?:0xc114|CRIU).*$/gm) ?? []),
  ];
}

onHost(
  '[criu.options] [criu.config-file] connections that are never restored leave no rule of CRIU, whatever it made them with',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const port = await freePort();
      const config = path.join(engine.directory, 'criu.conf');
      writeFileSync(config, 'network-lock iptables\n');
      const ways = [{}, { 'org.criu.config': config }];
      const gone = [
        async (request: ContainerRequest) => containers.removeCheckpoint(request, 1),
        async (request: ContainerRequest) => {
          await containers.create(request);
          await containers.remove(request);
        },
      ];
      const ofPort = () => locksIn(null).filter((lock) => lock.includes(String(port)));
      for (const [index, annotations] of ways.entries()) {
        const request = engine.request(serverScript(port), { network: 'host' }, { annotations });
        await startReady(engine, request);
        const client = await connect('127.0.0.1', port);
        assert.is(await client.ask('one'), '1 one');
        const { details } = await containers.checkpoint(request, {
          then: 'stop',
          allowances: { tcpEstablished: true },
        });
        await containers.cleanup(request);
        const { table } = JSON.parse(
          readFileSync(path.join(details.directory, 'network-lock.json'), 'utf8'),
        ) as { table: string };
        const held = () => [...ofPort(), ...locksIn(null).filter((lock) => table.startsWith(lock))];
        assert.is(held().length, index === 0 ? 1 : 2, held().join('\n'));
        await gone[index]?.(request);
        assert.equal(held(), []);
        client.socket.destroy();
        await containers.remove(request);
      }
    });
  },
);

onHost('[criu.options] a pod whose member begins anew is not cut off any more', async () => {
  await withEngine(async (engine) => {
    const { containers, parts } = engine;
    await withPodNetwork(engine, async ({ member, address, id }) => {
      const { net: namespace } = parts.paths.pod(id);
      const config = path.join(engine.directory, 'criu.conf');
      writeFileSync(config, 'network-lock iptables\n');
      for (const annotations of [{}, { 'org.criu.config': config }]) {
        const request = engine.request(serverScript(80), {}, { ...member('server'), annotations });
        await startReady(engine, request);
        const client = await connect(address, 80);
        assert.is(await client.ask('one'), '1 one');
        await containers.checkpoint(request, { then: 'stop', allowances: { tcpEstablished: true } });
        await containers.cleanup(request);
        assert.ok(locksIn(namespace).length > 0);
        await startReady(engine, request);
        assert.equal(locksIn(namespace), []);
        const other = await connect(address, 80);
        assert.is(await other.ask('new'), '1 new');
        for (const { socket } of [client, other]) socket.destroy();
        await containers.remove(request);
      }
    });
  });
});

onHost('[criu.options] tcpClose ends connections and keeps what listens', async () => {
  await withEngine(async (engine) => {
    const { containers } = engine;
    const port = await freePort();
    const request = engine.request(serverScript(port), { network: 'host' });
    await startReady(engine, request);
    const client = await connect('127.0.0.1', port);
    try {
      assert.is(await client.ask('one'), '1 one');
      await containers.checkpoint(request, { then: 'stop', allowances: { tcpClose: true } });
      await containers.cleanup(request);
      await containers.restore(request);
      const other = await connect('127.0.0.1', port);
      assert.is(await other.ask('new'), '1 new');
      other.socket.destroy();
      // Its server has read the end of its input, and is gone.
      assert.is(
        (await inside(engine, request, `netstat -tn | grep -c :${port}.*ESTABLISHED || true`)).trim(),
        '0',
      );
    } finally {
      client.socket.destroy();
    }
  });
});

onHost(
  '[criu.options] connections within a container and sockets without one need no allowance',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const request = engine.request(
        `syslogd -R 127.0.0.1:9 -O /log; logger hello; ${serverScript(80)} & until netstat -tln | grep :80; do :; done; ` +
          'mkfifo /in /out; nc 127.0.0.1 80 </in >/out & exec 8>/in 9</out; ' +
          'i=0; while :; do i=$((i+1)); echo q$i >&8; read a <&9; echo "n=$a"; sleep 0.05; done',
      );
      await startReady(engine, request);
      const said = () =>
        currentLog(engine, request)
          .split('\n')
          .filter((line) => line.startsWith('n='));
      await until(() => said().length > 3, { what: 'they speak with each other' });
      await containers.checkpoint(request, { then: 'stop', allowances: { tcpEstablished: true } });
      await containers.cleanup(request);
      const before = said().length;
      await containers.restore(request);
      await until(() => said().length > before + 3, { what: 'they go on' });
      assert.equal(
        said(),
        said().map((_, index) => `n=${index + 1} q${index + 1}`),
      );
      const sockets = await inside(engine, request, 'netstat -tlun');
      assert.match(sockets, /^tcp .*:80 /m);
      assert.match(sockets, /^udp /m, sockets);
    });
  },
);

onHost('[criu.options] a connection that nobody has accepted is left out when allowed', async () => {
  await withEngine(async (engine) => {
    const { containers } = engine;
    const port = await freePort();
    const request = engine.request(
      `nc -ll -p ${port} -e cat & until netstat -tln | grep :${port}; do :; done; kill -STOP $!; echo ready; wait`,
      { network: 'host' },
    );
    await startReady(engine, request);
    const client = await connect('127.0.0.1', port);
    try {
      const refused = await rejectionOf(containers.checkpoint(request, { then: 'stop' }));
      assert.is(causeOf(refused), 'tcp-in-flight');
      const allowances = { tcpSkipInFlight: true };
      await containers.checkpoint(request, { then: 'stop', allowances });
      await containers.cleanup(request);
      await containers.restore(request);
      await inside(engine, request, 'kill -CONT $(pidof nc)');
      const other = await connect('127.0.0.1', port);
      assert.is(await other.ask('new'), 'new');
      other.socket.destroy();
    } finally {
      client.socket.destroy();
    }
  });
});

/** A pod with a network of its own that this host can reach, and how members of it are asked for. */
async function withPodNetwork(
  engine: TestEngine,
  body: (pod: TestPod & { address: string }) => Promise<void>,
): Promise<void> {
  await withPod(engine, async ({ id, member }) => {
    // Of the range for measurements between networks (RFC 2544); the pair ends with the pod's namespace.
    const third = process.pid % 256;
    const [ours, theirs] = [`198.19.${third}.1`, `198.19.${third}.2`];
    const link = `tsct${process.pid}`;
    const { net: namespace } = engine.parts.paths.pod(id);
    const ip = (...args: string[]) => execFileSync('ip', args);
    const inPod = (...args: string[]) => execFileSync('nsenter', [`--net=${namespace}`, 'ip', ...args]);
    ip('link', 'add', link, 'type', 'veth', 'peer', 'name', `${link}p`);
    inPod('link', 'show', 'lo');
    const holder = spawn('nsenter', [`--net=${namespace}`, 'sleep', '60']);
    try {
      await until(() => readlinkSync(`/proc/${holder.pid}/ns/net`) !== readlinkSync('/proc/self/ns/net'), {
        what: 'a process is in the namespace of the pod',
      });
      ip('link', 'set', `${link}p`, 'netns', String(holder.pid));
    } finally {
      holder.kill('SIGKILL');
    }
    ip('address', 'add', `${ours}/30`, 'dev', link);
    ip('link', 'set', link, 'up');
    inPod('address', 'add', `${theirs}/30`, 'dev', `${link}p`);
    inPod('link', 'set', `${link}p`, 'up');
    await body({ id, address: theirs, member });
  });
}

test.run();
