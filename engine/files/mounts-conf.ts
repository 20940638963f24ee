/** A directory or file of the host that every container gets a copy of. */
export interface DefaultMount {
  source: string;
  /** Absolute in the container. */
  destination: string;
}

/** Lines `source:destination` of containers-mounts.conf(5); comments and what is no such line are skipped. */
export function parseMountsConf(text: string): DefaultMount[] {
  return text.split('\n').flatMap((line) => {
    const parts = line.replace(/#.*/, '').trim().split(':');
    const [source = '', destination = ''] = parts;
    if (parts.length !== 2 || !source.startsWith('/') || !/^\/./.test(destination)) return [];
    return [{ source, destination }];
  });
}
