import type { ContainerRecord, KeptCheckpoint } from '../../schemas/index.ts';
import type { Plan } from '../plan/plan.ts';
import { formatReason } from '../plan/plan-reason.ts';
import type { Progress } from '../progress.ts';
import type { Step } from '../plan/step.ts';

type Report = (progress: Progress) => void;

/** Tells of a step that was done, where people want to hear of it. */
export function reportStep(
  report: Report,
  step: Step,
  context: { plan: Plan; record: ContainerRecord | null; tookMs: number },
): void {
  const { plan, record, tookMs } = context;
  const tell = (what: Progress['what'], detail: string): void => {
    report({ resource: plan.resource, what, detail });
  };
  switch (step.kind) {
    case 'create': {
      // Made anew around the same writable layer: that it runs again says it all.
      if (plan.action !== 'create' && plan.action !== 'recreate') return;
      const { image, spec } = step.request;
      const origin = image === null ? `rootfs ${spec.rootfs ?? ''}` : `image ${image.reference}`;
      const network = spec.hostNetwork === true ? 'host' : (spec.network ?? 'none');
      // A member of a pod is in the network of its pod.
      tell('created', step.request.pod === null ? `${origin}, network ${network}` : origin);
      return;
    }
    case 'start': {
      const isAgain = plan.action === 'restart' || plan.action === 'recreate' || plan.action === 'start';
      const what = isAgain && record?.previousExit != null ? 'restarted' : 'running';
      tell(what, `pid ${String(record?.pid)} after ${String(tookMs)} ms`);
      return;
    }
    case 'stop':
      if (plan.action === 'stop') tell('stopped', `exit code ${String(record?.exit?.code ?? 'unknown')}`);
      return;
    case 'pause':
      tell('paused', '');
      return;
    case 'resume':
      tell('resumed', '');
      return;
    case 'checkpoint':
      tell('checkpointed', record?.checkpoint == null ? '' : describeCheckpoint(record.checkpoint));
      return;
    case 'restore':
      tell('restored', `pid ${String(record?.pid)} after ${String(tookMs)} ms`);
      return;
    case 'forget':
    case 'forget-pod':
      tell('removed', '');
      return;
    case 'prepare-pod':
      tell('created', 'namespaces that its containers share');
      return;
    default:
      return;
  }
}

function describeCheckpoint({ sizeBytes, frozenMs }: KeptCheckpoint): string {
  const size = formatSize(sizeBytes);
  return frozenMs === null ? size : `${size}, frozen for ${frozenMs.toFixed(0)} ms`;
}

export function formatSize(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1 ? `${(bytes / 1024).toFixed(0)} KiB` : `${mebibytes.toFixed(1)} MiB`;
}

/** Tells how a pass ended, where no step has told it. */
export function reportRest(
  report: Report,
  { resource, outcome }: Plan,
  record: Pick<ContainerRecord, 'state'> | null,
  hasActed: boolean,
): void {
  const detail = formatReason(outcome.why);
  switch (outcome.kind) {
    case 'settled':
      if (outcome.why.why === 'completed') {
        report({ resource, what: 'completed', detail: `exit code ${String(outcome.why.code)}` });
      } else if (outcome.why.why === 'failed-for-good') {
        const { code, policy } = outcome.why;
        report({
          resource,
          what: 'failed',
          detail: `exit code ${String(code)}; restartPolicy ${policy}`,
        });
      } else if (!hasActed) report({ resource, what: 'unchanged', detail: record?.state ?? '' });
      return;
    case 'stalled':
      report({ resource, what: 'failed', detail });
      return;
    case 'waiting':
    case 'requeue':
      // Its members tell themselves what they wait for.
      if (outcome.why.why === 'members-not-done') return;
      report({ resource, what: 'waiting', detail });
      return;
  }
}
