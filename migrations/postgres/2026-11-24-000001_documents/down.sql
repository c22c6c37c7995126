DROP TABLE exports;
DROP TABLE documents;
