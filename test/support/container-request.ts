import { containerSpec } from '../../schemas/index.ts';
import type { ContainerRequest } from '../../schemas/index.ts';

/** An id of a container as the engine takes it: 64 digits that end in `number`. */
export function containerId(number: number): string {
  return number.toString(16).padStart(64, 'c0ffee00');
}

/** A request with defaults for all that a test does not care about. `spec` is checked as a manifest's is. */
export function containerRequest(
  spec: object,
  rest: Partial<Omit<ContainerRequest, 'spec'>> = {},
): ContainerRequest {
  return {
    id: containerId(1),
    name: 'web',
    labels: {},
    annotations: {},
    image: null,
    pod: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    ...rest,
    spec: containerSpec.parse(spec),
  };
}
