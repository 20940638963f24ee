import { parseMilli, type EnvVar } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { SpecInput } from './spec-input.ts';

type ResourceFieldReference = NonNullable<NonNullable<EnvVar['valueFrom']>['resourceFieldRef']>;

/**
 * The value of a `resourceFieldRef` of Kubernetes, in units of its divisor, rounded up. A limit that the container does not
 * have is what the host has; a request that it does not have is the limit.
 */
export function resolveResourceReference(reference: ResourceFieldReference, input: SpecInput): string {
  const { resource, divisor } = reference;
  const match = /^(limits|requests)\.(cpu|memory)$/.exec(resource);
  const unit = parseMilli(divisor ?? '1');
  if (match === null || unit === 0n) {
    throw new EngineError(
      'BAD_REQUEST',
      `resolve resourceFieldRef of container ${input.request.name}: expected limits or requests of cpu or memory and a ` +
        `divisor other than 0, found \`${resource}\` and \`${divisor ?? '1'}\``,
    );
  }
  const amount = amountOf(
    match[1] === 'limits' ? 'limits' : 'requests',
    match[2] === 'cpu' ? 'cpu' : 'memory',
    input,
  );
  return String((amount + unit - 1n) / unit);
}

/** In thousandths of a core or of a byte. */
function amountOf(
  kind: 'limits' | 'requests',
  resource: 'cpu' | 'memory',
  { request, values }: SpecInput,
): bigint {
  const { limits, requests } = request.spec.resources ?? {};
  const limit = limits?.[resource];
  const written = kind === 'limits' ? limit : (requests?.[resource] ?? limit);
  if (written !== undefined) return parseMilli(written);
  if (kind === 'requests') return 0n;
  const { cpus = 0, memoryBytes = 0 } = values?.capacity ?? {};
  return BigInt(resource === 'cpu' ? cpus : memoryBytes) * 1000n;
}
