//! The modules of a crate, and which others each refers to: `use` and paths are followed through re-exports
//! to the module that defines the item.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

use crate::failure::{Failure, Outcome, While};

/// A module's path from its crate's root; the root's is empty.
pub type Module = Vec<String>;

/// The modules each one refers to.
pub type References = BTreeMap<Module, BTreeSet<Module>>;

/// The contents of one module.
#[derive(Default)]
struct Contents {
    /// Paths as written.
    paths: Vec<Vec<String>>,
    /// Imported names, as written, and their paths.
    imports: BTreeMap<String, Vec<String>>,
}

/// Reads the crate in this folder, without its tests.
pub fn references(folder: &Path) -> Outcome<References> {
    let roots = ["lib.rs", "main.rs"].map(|name| folder.join(name));
    let mut modules = BTreeMap::new();
    if let Some(root) = roots.iter().find(|root| root.exists()) {
        read(root, folder, Vec::new(), &mut modules)?;
    }
    let known = modules.keys().cloned().collect();
    let crate_ = Crate { modules: &modules, known };
    let all = modules.iter().map(|(module, contents)| {
        let targets = contents.paths.iter().filter_map(|path| crate_.owner(module, path));
        (module.clone(), targets.filter(|target| target != module).collect())
    });
    Ok(all.collect())
}

/// Reads a module's file and those of the modules it declares, which are in `inside`.
fn read(file: &Path, inside: &Path, module: Module, all: &mut BTreeMap<Module, Contents>) -> Outcome {
    let text = std::fs::read_to_string(file).when(file.display())?;
    let parsed = syn::parse_file(&text)
        .map_err(|error| Failure::new(format!("{}: cannot be parsed: {error}", file.display())))?;
    let mut reader = Reader::default();
    let mut declared = Vec::new();
    for item in parsed.items.iter().filter(|item| !is_test(attributes(item))) {
        match item {
            Item::Mod(inner) if inner.content.is_none() => declared.push(inner.ident.to_string()),
            item => reader.visit_item(item),
        }
    }
    for name in declared {
        let child: Module = module.iter().cloned().chain([name.clone()]).collect();
        if let Some(file) = file_of(inside, &name) {
            read(&file, &inside.join(&name), child, all)?;
        }
    }
    all.insert(module, reader.0);
    Ok(())
}

fn file_of(inside: &Path, name: &str) -> Option<PathBuf> {
    let files = [inside.join(format!("{name}.rs")), inside.join(name).join("mod.rs")];
    files.into_iter().find(|file| file.exists())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(inner) => &inner.attrs,
        Item::Use(inner) => &inner.attrs,
        Item::Fn(inner) => &inner.attrs,
        Item::Impl(inner) => &inner.attrs,
        _ => &[],
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|one| {
        one.path().is_ident("cfg") && one.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

#[derive(Default)]
struct Reader(Contents);

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut found = Vec::new();
        flatten(&item.tree, &mut Vec::new(), &mut found);
        let shown = !matches!(item.vis, Visibility::Inherited);
        for (name, path) in found {
            // A mere re-export is not a use.
            if !shown {
                self.0.paths.push(path.clone());
            }
            self.0.imports.insert(name, path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

fn flatten(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<(String, Vec<String>)>) {
    let with = |name: String, before: &[String]| before.iter().cloned().chain([name]).collect::<Vec<_>>();
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, found);
            before.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, found)),
        UseTree::Name(name) if name.ident == "self" => {
            found.extend(before.last().cloned().map(|name| (name, before.clone())));
        }
        UseTree::Name(name) => {
            found.push((name.ident.to_string(), with(name.ident.to_string(), before)));
        }
        UseTree::Rename(name) => {
            found.push((name.rename.to_string(), with(name.ident.to_string(), before)));
        }
        UseTree::Glob(_) => found.push(("*".into(), before.clone())),
    }
}

/// The maximum number of re-exports followed.
const STEPS: usize = 8;

struct Crate<'a> {
    modules: &'a BTreeMap<Module, Contents>,
    known: BTreeSet<Module>,
}

impl Crate<'_> {
    /// The module that defines what a path, written in `module`, names; `None` if it is not in this crate.
    fn owner(&self, module: &Module, path: &[String]) -> Option<Module> {
        let mut absolute = self.absolute(module, path)?;
        for _ in 0..STEPS {
            let length =
                (0..=absolute.len()).rev().find(|length| self.known.contains(&absolute[..*length]))?;
            let (owner, rest) = absolute.split_at(length);
            let passed = rest.first().and_then(|name| self.modules.get(owner)?.imports.get(name));
            let Some(next) = passed.and_then(|path| self.absolute(&owner.to_vec(), path)) else {
                return Some(owner.to_vec());
            };
            absolute = next.into_iter().chain(rest.iter().skip(1).cloned()).collect();
        }
        None
    }

    /// The path from the crate's root.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        let ups = path.iter().take_while(|segment| *segment == "super").count();
        let here = &module[..module.len().checked_sub(ups)?];
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([module.as_slice(), &path[1..]].concat()),
            "super" => Some([here, &path[ups..]].concat()),
            child => {
                let inner: Module = module.iter().cloned().chain([child.to_owned()]).collect();
                self.known.contains(&inner).then(|| [module.as_slice(), path].concat())
            }
        }
    }
}
