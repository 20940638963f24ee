import { z } from 'zod';

const port = z.union([z.int().min(1).max(65535), z.string().min(1)]);
const host = z.string().min(1).optional().describe("Host to ask. Default: the container's address.");

/** Probe of Kubernetes: exactly one of exec, httpGet, tcpSocket. Times in seconds. */
export const probe = z.strictObject({
  exec: z
    .strictObject({
      command: z.array(z.string()).min(1).describe('Program and arguments; no shell reads them.'),
    })
    .optional()
    .describe('Runs a command in the container; exit code 0 is success.'),
  httpGet: z
    .strictObject({
      path: z.string().default('/').describe('Path of the URL.'),
      port: port.describe('Number, or the name of one of the ports.'),
      host,
      scheme: z.enum(['HTTP', 'HTTPS']).default('HTTP').describe('Certificates are not checked.'),
      httpHeaders: z
        .array(
          z.strictObject({
            name: z.string().min(1).describe('Name of the header.'),
            value: z.string().describe('Its value.'),
          }),
        )
        .optional()
        .describe('Headers of the request.'),
    })
    .optional()
    .describe('Asks for a URL; a status from 200 to 399 is success.'),
  tcpSocket: z
    .strictObject({ port: port.describe('Number, or the name of one of the ports.'), host })
    .optional()
    .describe('Opens a connection.'),
  initialDelaySeconds: z.number().min(0).default(0).describe('From the start to the first probe.'),
  periodSeconds: z.number().min(1).default(10).describe('From one probe to the next.'),
  timeoutSeconds: z.number().min(1).default(1).describe('A probe that takes longer has failed.'),
  successThreshold: z.int().min(1).default(1).describe('Successes in a row that count as success.'),
  failureThreshold: z.int().min(1).default(3).describe('Failures in a row that count as failure.'),
});
export type Probe = z.infer<typeof probe>;
