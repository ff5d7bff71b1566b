create database {name} template {template} {options};
