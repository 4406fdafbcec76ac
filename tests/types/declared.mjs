// What the package's declarations declare, as the TypeScript compiler reads them.

import ts from "typescript-oldest";

/**
 * @typedef {object} Declared
 * @property {string} name
 * @property {string} doc its doc comment
 * @property {boolean} isType whether it exists for the compiler alone
 * @property {boolean} isOptional whether a member may be missing
 * @property {string[]} union what a union is of
 * @property {[required: number, all: number] | undefined} parameters of a function, or of a class's constructor
 * @property {Map<string, Declared>} members of a class, an interface or an object
 */

/**
 * Everything that files declare and export.
 *
 * @param {string[]} paths
 * @returns {Map<string, Declared>[]} one for each file
 */
export function declared(...paths) {
  const program = ts.createProgram(paths, {
    strict: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  });
  const checker = program.getTypeChecker();

  /** @param {import("typescript-oldest").Symbol} symbol @returns {import("typescript-oldest").Type} */
  const typeOf = (symbol) =>
    symbol.flags & ts.SymbolFlags.Type
      ? checker.getDeclaredTypeOfSymbol(symbol)
      : checker.getTypeOfSymbol(symbol);

  /** @param {import("typescript-oldest").Symbol} parameter */
  const isOptional = ({ valueDeclaration }) =>
    valueDeclaration !== undefined &&
    ts.isParameter(valueDeclaration) &&
    checker.isOptionalParameter(valueDeclaration);

  /** @param {readonly import("typescript-oldest").Signature[]} signatures @returns {Declared["parameters"]} */
  function parameters(signatures) {
    if (signatures.length === 0) return undefined;
    const counts = signatures.map(({ parameters }) => [
      parameters.filter((each) => !isOptional(each)).length,
      parameters.length,
    ]);
    return [
      Math.min(...counts.map(([required = 0]) => required)),
      Math.max(...counts.map(([, all = 0]) => all)),
    ];
  }

  /** Whether the package itself declares it. @param {import("typescript-oldest").Symbol} symbol */
  const isOwn = (symbol) =>
    symbol.declarations?.some((each) => {
      const file = each.getSourceFile();
      return !program.isSourceFileDefaultLibrary(file);
    }) ?? false;

  /** @param {import("typescript-oldest").Symbol} exported @returns {Declared} */
  function describe(exported) {
    const symbol =
      exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const type = typeOf(symbol);
    const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0;
    const isValue = (symbol.flags & ts.SymbolFlags.Value) !== 0;
    const holdsMembers = symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface);
    const ofValue = isValue ? checker.getTypeOfSymbol(symbol) : undefined;
    const called = checker.getNonNullableType(ofValue ?? type);
    return {
      name: symbol.name,
      doc: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
      isType: !isValue,
      isOptional: (symbol.flags & ts.SymbolFlags.Optional) !== 0,
      union: type.isUnion() ? type.types.map((each) => checker.typeToString(each)) : [],
      parameters: parameters(
        isClass ? called.getConstructSignatures() : called.getCallSignatures(),
      ),
      members: new Map(
        (holdsMembers ? checker.getPropertiesOfType(type) : [])
          .filter(isOwn)
          .map((member) => [nameOf(member), { ...describe(member), name: nameOf(member) }]),
      ),
    };
  }

  return paths.map((path) => {
    const file = program.getSourceFile(path);
    const module = file && checker.getSymbolAtLocation(file);
    if (!module) throw new Error(`${path} exports nothing`);
    return new Map(checker.getExportsOfModule(module).map((each) => [each.name, describe(each)]));
  });
}

/** A symbol of JavaScript, such as `Symbol.dispose`, has a name that the compiler makes up. */
const nameOf = (/** @type {import("typescript-oldest").Symbol} */ { name }) =>
  name.replace(/^__@(\w+)@\d+$/, "Symbol.$1");
