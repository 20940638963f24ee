import type { PreflightReport } from '../../engine/index.ts';
import type { CheckpointService, DeclaredCheckpointView } from './checkpoint-service.ts';
import { ROUTES } from './routes.ts';
import type { ApplyEvent, ApplySummary } from './apply-summary.ts';

type Route = (typeof ROUTES)[keyof typeof ROUTES];

/** How the client reaches the daemon. */
export interface RemoteCalls {
  call: (route: Route, body: unknown) => Promise<unknown>;
  stream: (
    route: Route,
    body: unknown,
    onEvent: (event: ApplyEvent) => void,
    signal: AbortSignal | undefined,
  ) => Promise<ApplySummary>;
}

export function remoteCheckpoints({ call, stream }: RemoteCalls): CheckpointService {
  return {
    create: (request, onEvent, signal) => stream(ROUTES.checkpointCreate, request, onEvent, signal),
    restore: (request, onEvent, signal) => stream(ROUTES.checkpointRestore, request, onEvent, signal),
    check: (request) => call(ROUTES.checkpointCheck, request) as Promise<PreflightReport>,
    async remove(checkpoints) {
      await call(ROUTES.checkpointRemove, { checkpoints });
    },
    key: () => call(ROUTES.checkpointKey, {}) as Promise<string>,
    declared: () => call(ROUTES.checkpointDeclared, {}) as Promise<DeclaredCheckpointView[]>,
  };
}
