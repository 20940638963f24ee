import { z } from 'zod';

const port = z.union([z.int().min(1).max(65535), z.string()]);

/** Probe of Kubernetes: exactly one of exec, httpGet, tcpSocket. Times in seconds. */
export const probe = z.strictObject({
  exec: z.strictObject({ command: z.array(z.string()).min(1) }).optional(),
  httpGet: z
    .strictObject({
      path: z.string().default('/'),
      port,
      host: z.string().optional(),
      scheme: z.enum(['HTTP', 'HTTPS']).default('HTTP'),
      httpHeaders: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
    })
    .optional(),
  tcpSocket: z.strictObject({ port, host: z.string().optional() }).optional(),
  initialDelaySeconds: z.number().min(0).default(0),
  periodSeconds: z.number().min(1).default(10),
  timeoutSeconds: z.number().min(1).default(1),
  successThreshold: z.int().min(1).default(1),
  failureThreshold: z.int().min(1).default(3),
});
export type Probe = z.infer<typeof probe>;
