import { Agent, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { HostFacts, ImageDetails, PullPolicy, PullProgress } from '../../engine/index.ts';
import type { ResolvedImage } from '../../schemas/index.ts';
import { CliError } from '../command-line/cli-error.ts';
import { connectionLost } from './connection-lost.ts';
import { LIVENESS, watchLiveness } from './daemon-liveness.ts';
import type { LivenessOptions } from './daemon-liveness.ts';
import { remoteCheckpoints } from './remote-checkpoints.ts';
import { remoteVolumes } from './remote-volumes.ts';
import { readFrames } from './ndjson.ts';
import { API_NUMBER, ROUTES } from './routes.ts';
import type { About, Frame, WireError } from './routes.ts';
import type {
  ActRequest,
  ApplyEvent,
  ApplyRequest,
  ApplySummary,
  DeleteRequest,
  PlannedChange,
  ResourceName,
  ResourceView,
  PushedImage,
  Service,
  WatchEvent,
} from './service.ts';
import { shortSocketPath } from './socket-path.ts';

type Route = (typeof ROUTES)[keyof typeof ROUTES];

/**
 * The daemon's service when one answers at `socketPath`; null when none does. Throws when one is there but cannot be used: it may not
 * be reached by this user, keeps another root than `root`, or speaks another protocol.
 */
export async function connectDaemon(
  socketPath: string,
  root: string,
  liveness: LivenessOptions = LIVENESS,
): Promise<RemoteService | null> {
  const service = new RemoteService(socketPath);
  const watch = watchLiveness(root, liveness);
  try {
    const about = await service.about(watch.signal);
    if (about.api !== API_NUMBER) {
      throw new CliError(
        'DAEMON_MISMATCH',
        `the daemon at ${socketPath} is version ${about.version}, which this tsctr cannot speak to`,
        'restart the daemon: systemctl restart tsctr',
      );
    }
    if (about.root !== root) {
      throw new CliError(
        'DAEMON_MISMATCH',
        `the daemon at ${socketPath} keeps ${about.root}, not ${root}`,
        `give --root ${about.root}, or another --run`,
      );
    }
    return service;
  } catch (error) {
    await service.close();
    return refuseOrNull(error, socketPath, liveness);
  } finally {
    watch.stop();
  }
}

function refuseOrNull(error: unknown, socketPath: string, { stillForMs }: LivenessOptions): null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return null;
  if (code === 'EACCES') {
    throw new CliError('DAEMON_UNREACHABLE', `connect ${socketPath}: permission denied`, 'run tsctr as root');
  }
  const hint = 'it is stopped or stuck; see its log: journalctl -u tsctr';
  if (code === 'EAGAIN') {
    const message = `the daemon at ${socketPath} takes no more connections: its backlog is full`;
    throw new CliError('DAEMON_UNREACHABLE', message, hint);
  }
  if (error instanceof Error && error.name === 'AbortError') {
    const message = `the daemon at ${socketPath} accepts connections but has done nothing for ${stillForMs / 1000} s`;
    throw new CliError('DAEMON_UNREACHABLE', message, hint);
  }
  throw error;
}

interface Call {
  method: 'GET' | 'POST';
  route: Route;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/** The service of a daemon, over its socket. Errors are of the class that the daemon threw. */
export class RemoteService implements Service {
  readonly #socketPath: string;
  // A connection for each request: one that is kept is closed by the daemon after some seconds, and on a slow machine so much time
  // passes between two requests that the second is written into a closed one.
  readonly #agent = new Agent({ keepAlive: false, maxSockets: 8 });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  about(signal?: AbortSignal): Promise<About> {
    return this.#send({ method: 'GET', route: ROUTES.about, signal }).then(readJson) as Promise<About>;
  }

  apply(
    request: ApplyRequest,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<ApplySummary> {
    return this.#stream({ method: 'POST', route: ROUTES.apply, body: request, signal }, onEvent);
  }

  delete(
    request: DeleteRequest,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<ApplySummary> {
    return this.#stream({ method: 'POST', route: ROUTES.delete, body: request, signal }, onEvent);
  }

  act(
    request: ActRequest,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<ApplySummary> {
    return this.#stream({ method: 'POST', route: ROUTES.act, body: request, signal }, onEvent);
  }

  data(): ReturnType<Service['data']> {
    return this.#call({ method: 'GET', route: ROUTES.data });
  }

  plan(request: ApplyRequest): Promise<PlannedChange[]> {
    return this.#call({ method: 'POST', route: ROUTES.plan, body: request });
  }

  list(): Promise<ResourceView[]> {
    return this.#call({ method: 'GET', route: ROUTES.resources });
  }

  async watch(onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void> {
    try {
      await this.#stream({ method: 'GET', route: ROUTES.watch, signal }, onEvent);
    } catch (error) {
      // The signal is how a watch ends, not how it fails.
      if (!signal.aborted) throw error;
    }
    if (!signal.aborted) throw connectionLost();
  }

  logs(
    name: ResourceName,
    container: string | null,
  ): Promise<{ current: string; previous: string; running: boolean }> {
    return this.#call({ method: 'POST', route: ROUTES.logs, body: { name, container } });
  }

  host(): Promise<HostFacts> {
    return this.#call({ method: 'GET', route: ROUTES.host });
  }

  readonly checkpoints = remoteCheckpoints({
    call: (route, body) => this.#call({ method: 'POST', route, body }),
    stream: (route, body, onEvent, signal) => this.#stream({ method: 'POST', route, body, signal }, onEvent),
  });

  readonly volumes = remoteVolumes((route, body) => this.#call({ method: 'POST', route, body }));

  readonly images = {
    pull: (
      reference: string,
      policy: PullPolicy,
      onProgress: (p: PullProgress) => void,
      signal?: AbortSignal,
    ): Promise<ResolvedImage> =>
      this.#stream(
        { method: 'POST', route: ROUTES.imagePull, body: { reference, policy }, signal },
        onProgress,
      ),
    list: (): Promise<ImageDetails[]> => this.#call({ method: 'GET', route: ROUTES.imageList }),
    import: (
      source: string,
      name: string | null,
      onProgress: (p: PullProgress) => void,
    ): Promise<ImageDetails> =>
      this.#stream({ method: 'POST', route: ROUTES.imageImport, body: { source, name } }, onProgress),
    inspect: (reference: string): Promise<ImageDetails | null> =>
      this.#call({ method: 'POST', route: ROUTES.imageInspect, body: { reference } }),
    push: (reference: string, destination: string | null): Promise<PushedImage> =>
      this.#call({ method: 'POST', route: ROUTES.imagePush, body: { reference, destination } }),
    remove: async (reference: string): Promise<void> => {
      await this.#call({ method: 'POST', route: ROUTES.imageRemove, body: { reference } });
    },
    prune: (): Promise<{ removed: ImageDetails[]; freedBytes: number }> =>
      this.#call({ method: 'POST', route: ROUTES.imagePrune }),
  };

  close(): Promise<void> {
    this.#agent.destroy();
    return Promise.resolve();
  }

  async #call<T>(call: Call): Promise<T> {
    const response = await this.#send(call);
    const answer = await readJson(response).catch((error: unknown) => {
      throw isReset(error) ? connectionLost() : error;
    });
    return takeResult<T>(answer as Frame);
  }

  async #stream<Result>(call: Call, onEvent: (event: never) => void): Promise<Result> {
    const response = await this.#send(call);
    if (response.statusCode !== 200) return takeResult<Result>((await readJson(response)) as Frame);
    try {
      for await (const frame of readFrames(response as AsyncIterable<Buffer>)) {
        if ('event' in frame) onEvent(frame.event as never);
        else if ('error' in frame && frame.error.name === 'AbortError') throw connectionLost();
        else return await takeResult<Result>(frame);
      }
    } catch (error) {
      if (call.signal?.aborted === true) call.signal.throwIfAborted();
      if (isReset(error)) throw connectionLost();
      throw error;
    }
    call.signal?.throwIfAborted();
    throw connectionLost();
  }

  #send(call: Call): Promise<IncomingMessage> {
    call.signal?.throwIfAborted();
    const text = call.body === undefined ? '' : JSON.stringify(call.body);
    const short = shortSocketPath(this.#socketPath);
    return new Promise<IncomingMessage>((resolve, reject) => {
      const request = httpRequest({
        socketPath: short.path,
        agent: this.#agent,
        method: call.method,
        path: call.route,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      });
      request.once('response', resolve);
      request.once('error', (error) => {
        if (call.signal?.aborted === true) reject(abortReason(call.signal));
        else reject(isReset(error) ? connectionLost() : error);
      });
      request.end(text);
    }).finally(short.release);
  }
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
}

function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`the daemon answered ${response.statusCode ?? 0} with something that is not JSON`);
  }
}

async function takeResult<T>(frame: Frame): Promise<T> {
  if ('error' in frame) throw await decode(frame.error);
  if ('result' in frame) return frame.result as T;
  throw new Error('the daemon answered with neither a result nor an error');
}

async function decode(wire: WireError): Promise<Error> {
  const { decodeError } = await import('./wire-error.ts');
  return decodeError(wire);
}
