/** What is wrong with a configuration, and where in it: the path of members from its top. */
export type Path = readonly (string | number)[];

export class ConfigurationFault extends Error {
  readonly path: Path;

  constructor(path: Path, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigurationFault';
    this.path = path;
  }
}
