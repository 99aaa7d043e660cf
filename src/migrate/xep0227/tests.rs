mod documents;
mod export;
mod fixtures;
mod includes;
mod passwords;
mod read;
mod xml;
