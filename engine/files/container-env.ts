/** What a privileged container is told about itself. */
export interface ContainerEnvRequest {
  privileged: boolean;
  /** `tsctr-<version>`. */
  engine: string;
  name: string;
  id: string;
  image: string;
  imageId: string;
}

/**
 * The text of /run/.containerenv. That it exists tells programs that they run in a container; what it says is for tools
 * that steer the engine from inside, and so only for privileged ones.
 */
export function containerEnvFile(request: ContainerEnvRequest): string {
  if (!request.privileged) return '';
  const members: [string, string][] = [
    ['engine', request.engine],
    ['name', request.name],
    ['id', request.id],
    ['image', request.image],
    ['imageid', request.imageId],
  ];
  // The values are read by shells as well, and hold none of the characters that mean something within double quotes.
  return `${members.map(([name, value]) => `${name}="${value.replace(/["\\$`\n]/g, '')}"\n`).join('')}rootless=0\n`;
}
