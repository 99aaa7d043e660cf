mod documents;
mod export;
mod export_files;
mod fixtures;
mod includes;
mod passwords;
mod read;
mod xml;
