import { Hono } from 'hono';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { CliError } from '../command-line/cli-error.ts';
import {
  readActRequest,
  readApplyRequest,
  readCheckpointNames,
  readCheckpointRequest,
  readCheckRequest,
  readDeleteRequest,
  readImportRequest,
  readLogsRequest,
  readPullRequest,
  readPushRequest,
  readReference,
  readRestoreRequest,
} from './read-request.ts';
import { API_NUMBER, LARGEST_BODY_BYTES, ROUTES } from './routes.ts';
import type { About } from './routes.ts';
import type { Service } from './service.ts';
import { streamResponse } from './stream-response.ts';
import { addVolumeRoutes } from './volume-routes.ts';
import { encodeError } from './wire-error.ts';

export interface AppOptions {
  service: Service;
  version: string;
  root: string;
  /** Given when the server begins to close: watches end then. */
  closing: AbortSignal;
  /** Given when what still runs has had its time. */
  cutOff: AbortSignal;
}

/** The service as an HTTP application. */
export function createApp(options: AppOptions): Hono {
  const app = new Hono();
  const about: About = {
    name: 'tsctr',
    version: options.version,
    api: API_NUMBER,
    pid: process.pid,
    root: options.root,
  };
  app.use(
    bodyLimit({
      maxSize: LARGEST_BODY_BYTES,
      onError: (c) =>
        failure(c, new CliError('BAD_REQUEST', `request: larger than ${LARGEST_BODY_BYTES} bytes`), 413),
    }),
  );
  app.get(ROUTES.about, (c) => c.json(about));
  addResourceRoutes(app, options);
  addCheckpointRoutes(app, options);
  addImageRoutes(app, options);
  addVolumeRoutes(app, options.service.volumes, bodyOf);
  app.notFound((c) =>
    failure(c, new CliError('BAD_REQUEST', `request: no route ${c.req.method} ${c.req.path}`), 404),
  );
  app.onError((error, c) => failure(c, error, 'code' in error && error.code === 'BAD_REQUEST' ? 400 : 500));
  return app;
}

function failure(c: Context, error: unknown, status: 400 | 404 | 413 | 500): Response {
  return c.json({ error: encodeError(error) }, status);
}

function addResourceRoutes(app: Hono, { service, closing, cutOff }: AppOptions): void {
  app.get(ROUTES.resources, async (c) => c.json({ result: await service.list() }));
  app.get(ROUTES.data, async (c) => c.json({ result: await service.data() }));
  app.get(ROUTES.host, async (c) => c.json({ result: await service.host() }));
  app.post(ROUTES.plan, async (c) => {
    const request = readApplyRequest(await bodyOf(c));
    return c.json({ result: await service.plan(request) });
  });
  app.post(ROUTES.logs, async (c) => {
    const { name, container } = readLogsRequest(await bodyOf(c));
    return c.json({ result: await service.logs(name, container) });
  });
  app.get(ROUTES.watch, () => streamResponse((send, signal) => service.watch(send, signal), closing));
  app.post(ROUTES.apply, async (c) => {
    const request = readApplyRequest(await bodyOf(c));
    return streamResponse((send, signal) => service.apply(request, send, signal), cutOff);
  });
  app.post(ROUTES.delete, async (c) => {
    const request = readDeleteRequest(await bodyOf(c));
    return streamResponse((send, signal) => service.delete(request, send, signal), cutOff);
  });
  app.post(ROUTES.act, async (c) => {
    const request = readActRequest(await bodyOf(c));
    return streamResponse((send, signal) => service.act(request, send, signal), cutOff);
  });
}

function addCheckpointRoutes(app: Hono, { service: { checkpoints }, cutOff }: AppOptions): void {
  app.post(ROUTES.checkpointCreate, async (c) => {
    const request = readCheckpointRequest(await bodyOf(c));
    return streamResponse((send, signal) => checkpoints.create(request, send, signal), cutOff);
  });
  app.post(ROUTES.checkpointRestore, async (c) => {
    const request = readRestoreRequest(await bodyOf(c));
    return streamResponse((send, signal) => checkpoints.restore(request, send, signal), cutOff);
  });
  app.post(ROUTES.checkpointCheck, async (c) => {
    const request = readCheckRequest(await bodyOf(c));
    return c.json({ result: await checkpoints.check(request) });
  });
  app.post(ROUTES.checkpointKey, async (c) => c.json({ result: await checkpoints.key() }));
  app.post(ROUTES.checkpointDeclared, async (c) => c.json({ result: await checkpoints.declared() }));
  app.post(ROUTES.checkpointRemove, async (c) => {
    await checkpoints.remove(readCheckpointNames(await bodyOf(c)));
    return c.json({ result: null });
  });
}

function addImageRoutes(app: Hono, { service, cutOff }: AppOptions): void {
  const { images } = service;
  app.get(ROUTES.imageList, async (c) => c.json({ result: await images.list() }));
  app.post(ROUTES.imagePull, async (c) => {
    const { reference, policy } = readPullRequest(await bodyOf(c));
    return streamResponse((send, signal) => images.pull(reference, policy, send, signal), cutOff);
  });
  app.post(ROUTES.imageImport, async (c) => {
    const { source, name } = readImportRequest(await bodyOf(c));
    return streamResponse((send) => images.import(source, name, send), cutOff);
  });
  app.post(ROUTES.imageInspect, async (c) => {
    const reference = readReference(await bodyOf(c));
    return c.json({ result: await images.inspect(reference) });
  });
  app.post(ROUTES.imagePush, async (c) => {
    const { reference, destination } = readPushRequest(await bodyOf(c));
    return c.json({ result: await images.push(reference, destination) });
  });
  app.post(ROUTES.imageRemove, async (c) => {
    const reference = readReference(await bodyOf(c));
    await images.remove(reference);
    return c.json({ result: null });
  });
  app.post(ROUTES.imagePrune, async (c) => c.json({ result: await images.prune() }));
}

async function bodyOf(c: Context): Promise<unknown> {
  try {
    return await c.req.json<unknown>();
  } catch {
    throw new CliError('BAD_REQUEST', 'request: the body is not JSON');
  }
}
