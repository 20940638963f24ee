import { z } from 'zod';

/** Host name of a container or pod. */
export const hostname = z
  .string()
  .max(63)
  .regex(
    /^[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?$/,
    'must be letters, digits, `-` and `.`, beginning and ending with a letter or digit',
  );

/** HostAlias of Kubernetes. */
export const hostAliases = z.array(
  z.strictObject({
    ip: z.string().describe('IPv4 or IPv6 address.'),
    hostnames: z
      .array(z.string().regex(/^[^\s#]+$/, 'must be a host name'))
      .min(1)
      .describe('Its names.'),
  }),
);

/** PodDNSConfig of Kubernetes. */
export const dnsConfig = z.strictObject({
  nameservers: z.array(z.string()).optional().describe("Addresses, in place of the host's."),
  searches: z
    .array(z.string().regex(/^\S+$/, 'must be a domain'))
    .optional()
    .describe("Search domains, in place of the host's."),
  options: z
    .array(
      z.strictObject({
        name: z.string().regex(/^\S+$/, 'must be one word').describe('Such as `ndots`.'),
        value: z.string().regex(/^\S*$/, 'must be one word').optional().describe('Such as `2`.'),
      }),
    )
    .optional()
    .describe('Options of the resolver.'),
});
