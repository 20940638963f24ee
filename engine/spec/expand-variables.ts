/**
 * Replaces $(NAME) as Kubernetes does: a name that is not known stays as it stands, and `$$` is one `$` that starts no
 * reference.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  if (!text.includes('$')) return text;
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) => {
    if (match === '$$') return '$';
    return name === undefined ? match : (variables.get(name) ?? match);
  });
}
